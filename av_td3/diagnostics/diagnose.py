"""Applies all rules to a run."""

import logging
from functools import partial
from typing import NamedTuple

from av_td3.config.plugins import PluginError
from av_td3.diagnostics import rule_plugins
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
log = logging.getLogger(__name__)


class Unchecked(NamedTuple):
    """A rule that could not be checked: the missing tag or setting, or how another package's rule failed."""

    rule: str
    missing: str | None
    failure: str | None = None


class Diagnosis(NamedTuple):
    """The findings, most important first, and the rules that could not be checked."""

    findings: list[Finding]
    unchecked: list[Unchecked]
    checks: int  # all that were tried

    @property
    def gaps(self) -> dict[str, str]:
        """The unchecked rules, each with the first missing tag or setting."""
        first: dict[str, str] = {}
        for rule, missing, _ in self.unchecked:
            if missing is not None:
                first.setdefault(rule, missing)
        return first

    @property
    def failures(self) -> list[str]:
        """A line for each rule of another package that failed."""
        return [unchecked.failure for unchecked in self.unchecked if unchecked.failure is not None]


def diagnose(run: RecordedRun) -> Diagnosis:
    """Apply all rules to a run: ours, then those of other packages, whose failures are only recorded.

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
    plugins = rule_plugins.registered_rules()
    for rule in plugins:
        try:
            if rule.name in dict(RULES):
                raise PluginError(rule, "has the name of a rule of av_td3; choose another")
            findings += rule_plugins.check(rule, run)
        except NotLogged as missing:
            unchecked.append(Unchecked(rule.name, str(missing)))
        except PluginError as error:
            log.info("a rule of another package failed", exc_info=error)
            unchecked.append(Unchecked(rule.name, None, str(error)))
    findings.sort(key=lambda finding: _SEVERITIES.index(finding.severity))  # stable, so the order of the rules is kept
    return Diagnosis(findings, unchecked, len(RULES) + len(plugins))
