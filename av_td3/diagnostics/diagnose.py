"""What is wrong with a run, most important first."""

from functools import partial
from typing import NamedTuple

from av_td3.diagnostics.finding import Check, Finding, Severity
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.rules import clipping, data, policy, values
from av_td3.metrics import ACTOR_CNN, ACTOR_MLP, CRITIC_CNN, CRITIC_MLP, NETWORKS

HEADS_FIRST = (ACTOR_MLP, ACTOR_CNN, CRITIC_MLP, CRITIC_CNN)  # an encoder dies of its heads
# Causes before what follows from them: within one severity, this is the order in which findings are told.
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
    """A rule that could not look, and the tag or setting that it missed."""

    rule: str
    missing: str


class Diagnosis(NamedTuple):
    """What the rules found, most important first, and what they could not look at."""

    findings: list[Finding]
    unchecked: list[Unchecked]

    @property
    def gaps(self) -> dict[str, str]:
        """The rules that could not look, each with the first thing that it missed."""
        first: dict[str, str] = {}
        for rule, missing in self.unchecked:
            first.setdefault(rule, missing)
        return first


def diagnose(run: RecordedRun) -> Diagnosis:
    """Ask every rule."""
    findings: list[Finding] = []
    unchecked: list[Unchecked] = []
    for name, check in RULES:
        try:
            findings += check(run)
        except NotLogged as missing:
            unchecked.append(Unchecked(name, str(missing)))
    findings.sort(key=lambda finding: _SEVERITIES.index(finding.severity))  # stable: the rules' order stays
    return Diagnosis(findings, unchecked)
