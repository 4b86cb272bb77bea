"""Applies all rules to a run."""

from functools import partial
from typing import NamedTuple

from av_td3.diagnostics.finding import Check, Finding, Severity
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.rules import clipping, data, policy, values
from av_td3.metrics import ACTOR_CNN, ACTOR_MLP, CRITIC_CNN, CRITIC_MLP, NETWORKS

HEADS_FIRST = (ACTOR_MLP, ACTOR_CNN, CRITIC_MLP, CRITIC_CNN)  # dead heads kill their encoder
# Causes before effects: within a severity, findings are listed in this order.
RULES: tuple[tuple[str, Check], ...] = (
    ("feature_exploitation", policy.feature_exploitation),
    ("non_finite", data.non_finite),
    ("action_saturation", policy.action_saturation),
    *(("dead_module", partial(policy.dead_module, module=m)) for m in HEADS_FIRST),
    ("q_divergence", values.q_divergence),
    ("critic_divergence", values.critic_divergence),
    ("twin_divergence", values.twin_divergence),
    *(("clip_violation", partial(clipping.clip_violation, network=n)) for n in NETWORKS),
    *(("gradient_explosion", partial(clipping.gradient_explosion, network=n)) for n in NETWORKS),
    ("too_little_data", data.too_little_data),
    *(("sum_of_norms", partial(clipping.sum_of_norms, network=n)) for n in NETWORKS),
    ("early_learning", data.early_learning),
    *(("clip_always_binds", partial(clipping.clip_always_binds, network=n)) for n in NETWORKS),
    ("reward_dominance", data.reward_dominance),
    ("episode_collapse", data.episode_collapse),
    *(("clip_never_binds", partial(clipping.clip_never_binds, network=n)) for n in NETWORKS),
)
_SEVERITIES = list(Severity)


class Unchecked(NamedTuple):
    """A rule that could not be checked, and the missing tag or setting."""

    rule: str
    missing: str


class Diagnosis(NamedTuple):
    """The findings, most important first, and the rules that could not be checked."""

    findings: list[Finding]
    unchecked: list[Unchecked]

    @property
    def gaps(self) -> dict[str, str]:
        """The unchecked rules, each with the first missing tag or setting."""
        first: dict[str, str] = {}
        for rule, missing in self.unchecked:
            first.setdefault(rule, missing)
        return first


def diagnose(run: RecordedRun) -> Diagnosis:
    """Apply all rules to a run.

    Args:
        run: the run; tags and settings that it lacks leave rules unchecked.

    Returns:
        The findings, sorted by severity, and the unchecked rules.

    """
    findings: list[Finding] = []
    unchecked: list[Unchecked] = []
    for name, check in RULES:
        try:
            findings += check(run)
        except NotLogged as missing:
            unchecked.append(Unchecked(name, str(missing)))
    findings.sort(key=lambda finding: _SEVERITIES.index(finding.severity))  # stable, so the order of the rules is kept
    return Diagnosis(findings, unchecked)
