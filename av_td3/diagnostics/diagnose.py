"""Applies all rules to a run."""

import logging
from functools import partial
from typing import NamedTuple

from av_td3.config.plugins import PluginError
from av_td3.diagnostics import rule_plugins
from av_td3.diagnostics.algorithm import Algorithm
from av_td3.diagnostics.finding import Check, Finding, Severity
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.rules import alerts, clipping, data, growth, inputs, learning, policy, policy_gradient, values
from av_td3.metrics import ACTOR_CNN, ACTOR_MLP, CRITIC_CNN, CRITIC_MLP, NETWORKS

HEADS_FIRST = (ACTOR_MLP, ACTOR_CNN, CRITIC_MLP, CRITIC_CNN)  # dead heads kill their encoder
Q_LEARNERS = frozenset(algorithm for algorithm in Algorithm if algorithm.learns_q)
POLICY_GRADIENT = frozenset((Algorithm.PPO, Algorithm.A2C, Algorithm.UNKNOWN))
DATA, FINITE, RETURN, Q_VALUES = "amount of data", "finite values", "return", "Q values"
CRITIC_LOSS, POLICY, EXPLORATION, GRADIENTS = "critic loss", "policy", "exploration", "gradients"
REWARD, EPISODES, INPUTS = "reward terms", "episode length", "scale of the inputs"


class Rule(NamedTuple):
    """A rule and the runs that it is about.

    Args:
        name: of the findings.
        check: yields them; raises NotLogged if a tag or setting is missing.
        subject: what it is about; the verdict on a log of another program has a line for each subject.
        ours: whether it is about runs of ours, whose reward is known, so that limits may be absolute.
        foreign: whether it is about logs of other programs.
        algorithms: those whose logs it is about; runs of ours are always included.

    """

    name: str
    check: Check
    subject: str
    ours: bool = True
    foreign: bool = True
    algorithms: frozenset[Algorithm] = frozenset(Algorithm)

    def applies_to(self, run: RecordedRun) -> bool:
        """Whether the rule is about this run."""
        return self.ours if run.ours else self.foreign and run.algorithm in self.algorithms


# Causes before effects: within a severity, findings are listed in this order.
RULES: tuple[Rule, ...] = (
    Rule("feature_exploitation", policy.feature_exploitation, POLICY, algorithms=Q_LEARNERS),
    Rule("non_finite", data.non_finite, FINITE, foreign=False),
    Rule("non_finite", data.ends_non_finite, FINITE, ours=False),
    Rule("temperature_divergence", policy_gradient.temperature_divergence, EXPLORATION, ours=False, algorithms=Q_LEARNERS),
    Rule("large_policy_steps", policy_gradient.large_policy_steps, POLICY, ours=False, algorithms=POLICY_GRADIENT),
    Rule("action_saturation", policy.action_saturation, POLICY),
    Rule("identical_returns", learning.identical_returns, RETURN),
    Rule("constant_policy", policy.constant_policy, POLICY),
    *(Rule("dead_module", partial(policy.dead_module, module=m), GRADIENTS) for m in HEADS_FIRST),
    Rule("q_divergence", values.q_divergence, Q_VALUES, foreign=False),
    Rule("q_divergence", growth.q_growth, Q_VALUES, ours=False, algorithms=Q_LEARNERS),
    Rule("q_divergence", growth.q_disagreement, Q_VALUES, ours=False, algorithms=Q_LEARNERS),
    Rule("critic_divergence", values.critic_divergence, CRITIC_LOSS, foreign=False),
    Rule("critic_divergence", growth.critic_growth, CRITIC_LOSS, ours=False),
    Rule("twin_divergence", values.twin_divergence, Q_VALUES, foreign=False),
    Rule("twin_divergence", growth.twin_gap, Q_VALUES, ours=False, algorithms=Q_LEARNERS),
    Rule("actor_divergence", values.actor_divergence, POLICY, foreign=False),
    *(Rule("clip_violation", partial(clipping.clip_violation, network=n), GRADIENTS) for n in NETWORKS),
    *(Rule("gradient_explosion", partial(clipping.gradient_explosion, network=n), GRADIENTS, foreign=False) for n in NETWORKS),
    *(Rule("gradient_explosion", partial(growth.gradient_growth, network=n), GRADIENTS, ours=False) for n in NETWORKS),
    Rule("alerts_raised", alerts.alerts_raised, GRADIENTS, foreign=False),
    Rule("runaway", growth.runaway, CRITIC_LOSS, ours=False),
    Rule("too_little_data", data.too_little_data, DATA, foreign=False),
    Rule("too_little_data", data.too_few_points, DATA, ours=False),
    Rule("unknown_tags", data.unknown_tags, DATA, ours=False),
    Rule("return_not_logged", data.return_not_logged, DATA, ours=False),
    *(Rule("sum_of_norms", partial(clipping.sum_of_norms, network=n), GRADIENTS) for n in NETWORKS),
    Rule("early_learning", data.early_learning, DATA, algorithms=Q_LEARNERS),
    Rule("input_scale", inputs.input_scale, INPUTS, algorithms=Q_LEARNERS),
    Rule("values_too_small", growth.values_too_small, Q_VALUES, ours=False, algorithms=Q_LEARNERS),
    Rule("value_explains_nothing", policy_gradient.value_explains_nothing, CRITIC_LOSS, ours=False, algorithms=POLICY_GRADIENT),
    Rule("entropy_collapse", policy_gradient.entropy_collapse, EXPLORATION, ours=False, algorithms=POLICY_GRADIENT),
    Rule("wide_policy", policy_gradient.wide_policy, EXPLORATION, ours=False, algorithms=POLICY_GRADIENT),
    Rule("temperature_vanished", policy_gradient.temperature_vanished, EXPLORATION, ours=False, algorithms=Q_LEARNERS),
    Rule("large_learning_rate", learning.large_learning_rate, POLICY, ours=False),
    Rule("return_collapse", learning.return_collapse, RETURN),
    Rule("no_learning", learning.no_learning, RETURN),
    *(Rule("clip_always_binds", partial(clipping.clip_always_binds, network=n), GRADIENTS) for n in NETWORKS),
    Rule("reward_dominance", data.reward_dominance, REWARD),
    Rule("episode_collapse", data.episode_collapse, EPISODES),
    *(Rule("clip_never_binds", partial(clipping.clip_never_binds, network=n), GRADIENTS) for n in NETWORKS),
    Rule("return_plateau", learning.return_plateau, RETURN),
    Rule("still_random", policy_gradient.still_random, EXPLORATION, ours=False),
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
    subjects: dict[str, list[Finding]]  # what was looked at, with the findings about it

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
    subjects: dict[str, list[Finding]] = {}
    rules = [rule for rule in RULES if rule.applies_to(run)]
    for rule in rules:
        try:
            found = list(rule.check(run))
        except NotLogged as missing:
            unchecked.append(Unchecked(rule.name, str(missing)))
        else:
            findings += found
            subjects.setdefault(rule.subject, []).extend(found)
    plugins = rule_plugins.registered_rules()
    names = {rule.name for rule in RULES}
    for plugin in plugins:
        try:
            if plugin.name in names:
                raise PluginError(plugin, "has the name of a rule of av_td3; choose another")
            found = rule_plugins.check(plugin, run)
        except NotLogged as missing:
            unchecked.append(Unchecked(plugin.name, str(missing)))
        except PluginError as error:
            log.info("a rule of another package failed", exc_info=error)
            unchecked.append(Unchecked(plugin.name, None, str(error)))
        else:
            findings += found
            subjects.setdefault(plugin.name, []).extend(found)
    findings.sort(key=lambda finding: _SEVERITIES.index(finding.severity))  # stable, so the order of the rules is kept
    return Diagnosis(findings, unchecked, len(rules) + len(plugins), subjects)
