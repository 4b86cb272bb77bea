"""Each rule on logs of other programs, with and without its problem, in any unit of reward."""

import math

import numpy as np
import pytest

from av_td3.diagnostics.diagnose import RULES, diagnose
from av_td3.diagnostics.gate import Verdict
from av_td3.report.assessment import assess
from tests.diagnostics.logs import foreign, growing, series, without

POINTS = 100
NOISE = np.random.default_rng(3).standard_normal(POINTS)
STEPS = {"first": 1000, "every": 1000}
FALLING = np.interp(np.arange(POINTS), [0, 40, 99], [100.0, 400.0, 20.0])


def line(first, last):
    return series(np.linspace(first, last, POINTS), **STEPS)


def exponential(first, last):
    return growing(first, last, POINTS)


def noisy(level, size=0.1):
    return series(level * (1.0 + size * NOISE), **STEPS)


RETURN = {"rollout/ep_rew_mean": series(np.linspace(20.0, 400.0, POINTS) + 5.0 * NOISE, **STEPS)}
LENGTH = {"rollout/ep_len_mean": noisy(400.0, 0.05)}  # so a step is worth up to 1, and Q up to 100
FLAT = {"rollout/ep_rew_mean": noisy(300.0, 0.05)}
PLATEAU = {"rollout/ep_rew_mean": series(40_000.0 * (1.0 - np.exp(-np.arange(POINTS) / 10.0)) + 400.0 * NOISE, **STEPS)}
FELL = {"rollout/ep_rew_mean": series(FALLING + NOISE, **STEPS)}
TD3 = RETURN | LENGTH | {"train/actor_loss": line(-2.0, -80.0), "train/critic_loss": noisy(3.0)}
SAC = TD3 | {"train/ent_coef": line(0.9, 0.05)}
DQN = RETURN | LENGTH | {"train/loss": noisy(0.3), "rollout/exploration_rate": line(1.0, 0.05)}
PPO = (
    RETURN
    | LENGTH
    | {
        "train/approx_kl": noisy(0.01),
        "train/clip_fraction": noisy(0.1),
        "train/explained_variance": line(0.0, 0.9),
        "train/value_loss": noisy(20.0),
        "train/policy_gradient_loss": noisy(-0.01),
        "train/entropy_loss": line(-1.4, -0.6),
        "train/std": line(1.0, 0.5),
    }
)
CLEANRL = {
    "charts/episodic_return": RETURN["rollout/ep_rew_mean"],
    "charts/episodic_length": LENGTH["rollout/ep_len_mean"],
    "losses/qf1_values": line(1.0, 80.0),
    "losses/qf2_values": line(1.0, 81.0),
    "losses/qf_loss": noisy(3.0),
    "losses/actor_loss": line(-1.0, -82.0),
}
DEAD_MLP = {"debug/actor_mlp_grad_norm_BEFORE_clip": series([0.1] * 10 + [0.0] * 90, **STEPS)}
HEALTHY = {"TD3": TD3, "SAC": SAC, "DQN": DQN, "PPO": PPO, "CleanRL": CLEANRL}

# name of the rule, the log, and the severity
FAULTS = [
    ("temperature_divergence", SAC | {"train/ent_coef": exponential(0.5, 1e4)}, "critical"),
    ("temperature_divergence", SAC | FLAT | {"train/ent_coef": exponential(0.5, 40.0)}, "warning"),
    ("temperature_vanished", SAC | FLAT | {"train/ent_coef": exponential(0.5, 1e-7)}, "warning"),
    ("large_policy_steps", PPO | {"train/approx_kl": noisy(0.3)}, "warning"),
    ("large_policy_steps", PPO | {"train/clip_fraction": noisy(0.5)}, "warning"),
    ("large_policy_steps", PPO | {"train/approx_kl": noisy(3.0)}, "warning"),  # however large, it learns
    ("large_policy_steps", PPO | FELL | {"train/approx_kl": exponential(0.01, 90.0)}, "critical"),
    ("value_explains_nothing", PPO | FLAT | {"train/explained_variance": line(0.5, -2.0)}, "warning"),
    ("entropy_collapse", without(PPO, "train/std") | FLAT | {"train/entropy_loss": exponential(1.4, 1e-4)}, "warning"),
    ("entropy_collapse", PPO | FLAT | {"train/std": exponential(1.0, 1e-3)}, "warning"),
    ("wide_policy", PPO | {"train/std": exponential(1.0, 100.0)}, "warning"),
    ("still_random", DQN | {"rollout/exploration_rate": line(1.0, 0.8)}, "info"),
    ("q_divergence", TD3 | {"train/actor_loss": exponential(-1.0, -1e6)}, "critical"),
    ("q_divergence", CLEANRL | {"losses/qf1_values": exponential(1.0, 1e5)}, "critical"),
    ("q_divergence", CLEANRL | {"losses/qf1_values": noisy(1e6, 1e-4)}, "critical"),  # from the first point on
    ("q_divergence", without(CLEANRL, "charts/episodic_length") | {"losses/qf1_values": noisy(1e6)}, "critical"),
    ("q_divergence", RETURN | LENGTH | {"train/target_q": exponential(1.0, 1e9)}, "critical"),
    ("critic_divergence", PPO | {"train/value_loss": noisy(1e12)}, "critical"),
    ("runaway", PPO | {"train/policy_gradient_loss": exponential(0.01, 1e9)}, "warning"),
    ("q_divergence", TD3 | {"train/actor_loss": line(-2.0, -600.0)}, "warning"),
    ("q_divergence", {"Av. Q": line(-1.0, -400.0), "Max. Q": line(20.0, -100.0), "loss": noisy(40.0)}, "critical"),
    ("q_divergence", CLEANRL | {"losses/actor_loss": line(-1.0, -4000.0)}, "warning"),
    ("q_divergence", CLEANRL | {"losses/actor_loss": line(-1.0, -20000.0)}, "critical"),
    ("feature_exploitation", CLEANRL | {"losses/actor_loss": line(-1.0, -4000.0)} | DEAD_MLP, "critical"),
    ("critic_divergence", TD3 | {"train/critic_loss": exponential(1.0, 1e7)}, "critical"),
    ("critic_divergence", TD3 | FELL | {"train/critic_loss": exponential(0.2, 2000.0)}, "critical"),
    ("critic_divergence", PPO | {"train/value_loss": exponential(1.0, 1e9)}, "critical"),
    ("critic_divergence", DQN | {"train/loss": exponential(1.0, 1e9)}, "critical"),
    ("twin_divergence", CLEANRL | {"losses/qf2_values": line(1.0, 170.0)}, "warning"),
    ("twin_divergence", CLEANRL | {"losses/qf2_values": line(1.0, 600.0)}, "critical"),
    ("gradient_explosion", TD3 | {"debug/actor_grad_norm_BEFORE_clip": exponential(1.0, 1e8)}, "critical"),
    ("runaway", FLAT | {"model/reconstruction_loss": exponential(1.0, 1e9)}, "critical"),
    ("values_too_small", TD3 | FLAT | {"train/actor_loss": line(-0.5, -0.9)}, "warning"),
    ("too_little_data", {tag: series(points.values[:6]) for tag, points in TD3.items()}, "warning"),
    ("large_learning_rate", TD3 | FLAT | {"train/learning_rate": noisy(0.05)}, "warning"),
    ("return_not_logged", without(TD3, "rollout/ep_rew_mean"), "warning"),
    ("return_not_logged", TD3 | {"rollout/ep_rew_mean": series([1.0, 2.0])}, "warning"),
    ("unknown_tags", {"my/number": noisy(3.0)}, "warning"),
    ("non_finite", TD3 | {"train/critic_loss": series([1.0] * 60 + [math.nan] * 40, **STEPS)}, "critical"),
    ("non_finite", TD3 | {"train/critic_loss": series([1.0] * 60 + [math.inf] * 2 + [1.0] * 38, **STEPS)}, "warning"),
    ("non_finite", TD3 | {"train/critic_loss": series([math.nan] * 100, **STEPS)}, "critical"),
    ("non_finite", {"Reward": series([1.0, 2.0] * 40 + [math.nan] * 20, **STEPS)}, "critical"),
]
HARMLESS = [
    ("large_learning_rate", TD3 | {"train/learning_rate": noisy(0.05)}),  # it learns
    ("large_learning_rate", TD3 | FLAT | {"train/learning_rate": noisy(1e-3)}),
    ("non_finite", TD3 | {"train/actor_loss": series([math.nan] * 10 + [-5.0] * 90, **STEPS)}),  # before the first update
    ("non_finite", TD3 | {"eval/return_std": series([3.0, math.nan] * 50 + [3.0], **STEPS)}),  # of a single episode
    ("non_finite", TD3 | {"eval/success_std": series([math.nan] * 100, **STEPS)}),
    ("non_finite", PPO | {"train/explained_variance": series([math.nan, 0.5] * 49 + [0.5, math.nan], **STEPS)}),
    ("temperature_divergence", SAC | FLAT | {"train/ent_coef": exponential(0.5, 3.0)}),
    ("temperature_divergence", SAC | {"train/ent_coef": exponential(0.5, 40.0)}),  # the optimum moved, and it learns
    ("temperature_vanished", SAC | {"train/ent_coef": exponential(0.5, 1e-7)}),  # it has learned
    ("large_policy_steps", PPO | {"train/approx_kl": series([3.0] + [0.02] * 99, **STEPS)}),  # one update
    ("value_explains_nothing", PPO | {"train/explained_variance": line(0.5, -0.1)}),  # all returns are the same, and good
    ("entropy_collapse", PPO | {"train/std": exponential(1.0, 1e-3)}),  # it has learned
    ("entropy_collapse", without(PPO, "train/std") | FLAT | {"train/entropy_loss": line(-1.4, 0.01)}),  # a differential entropy
    ("q_divergence", TD3 | {"train/actor_loss": line(-2.0, -150.0)}),  # 0.993
    ("q_divergence", SAC | {"train/actor_loss": line(50.0, -80.0)}),  # costs first
    ("q_divergence", {"Av. Q": line(1.0, 400.0), "loss": noisy(40.0)}),  # it rises, in whatever unit
    ("q_divergence", {"Av. Q": series(-100.0 * (1.0 - np.exp(-np.arange(POINTS) / 10.0)), **STEPS), "loss": noisy(40.0)}),
    ("critic_divergence", TD3 | {"train/critic_loss": noisy(280.0)}),  # large and flat is a matter of units
    ("critic_divergence", TD3 | {"train/critic_loss": exponential(1e-3, 5.0)}),  # rewards have come up
    (
        "critic_divergence",
        {"Critic Loss": series([1.0] * 30 + [300.0] * 70, **STEPS), "Actor Loss": noisy(-1.0)},
    ),  # a new level
    ("critic_divergence", PPO | {"train/loss": exponential(1.0, 1e6)}),  # a sum of all losses
    ("feature_exploitation", CLEANRL | {"losses/actor_loss": line(-1.0, -4000.0)}),  # its gradient is not known
    ("critic_divergence", TD3 | {"train/critic_loss": series([1e6] + [3.0] * 99, **STEPS)}),
    ("critic_divergence", TD3 | {"rollout/ep_rew_mean": series([0.0] * POINTS, **STEPS)}),  # no reward was ever seen
    ("q_divergence", TD3 | {"rollout/ep_rew_mean": series([0.0] * POINTS, **STEPS)}),
    ("twin_divergence", CLEANRL | {"losses/qf2_values": line(1.0, 100.0)}),
    ("gradient_explosion", TD3 | {"debug/actor_grad_norm_BEFORE_clip": noisy(1e6)}),
    ("runaway", FLAT | {"time/steps": exponential(1.0, 1e9)}),
    ("values_too_small", DQN | PLATEAU | {"train/q": noisy(8.0)}),  # of clipped rewards
    ("wide_policy", without(PPO, "train/std") | {"policy/log_std": line(-0.5, -15.0)}),
    ("values_too_small", TD3 | {"train/actor_loss": line(-0.5, -0.9)}),  # it learns, so its rewards are normalised
    (  # costs that are small at the end, and Q with them
        "values_too_small",
        TD3
        | {
            "rollout/ep_rew_mean": series(-100.0 - 1300.0 * np.exp(-np.arange(POINTS) / 8.0), **STEPS),
            "train/actor_loss": line(60.0, 20.0),
        },
    ),
    ("no_learning", {tag: points for tag, points in TD3.items() if "rew" not in tag}),
]


def found(scalars, tmp_path):
    return {finding.rule: finding for finding in diagnose(foreign(scalars, tmp_path)).findings}


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_found_in_a_healthy_log_and_it_is_go(tmp_path, name):
    assessment = assess(foreign(HEALTHY[name], tmp_path))
    assert assessment.diagnosis.findings == []
    assert assessment.gate_result.verdict is Verdict.GO


@pytest.mark.parametrize(("rule", "scalars", "severity"), FAULTS)
def test_a_fault_is_found_by_its_name(tmp_path, rule, scalars, severity):
    finding = found(scalars, tmp_path)[rule]
    assert finding.severity.value == severity
    assert finding.recommendation.endswith((".", '".'))


@pytest.mark.parametrize(("rule", "scalars"), HARMLESS)
def test_what_is_no_fault_is_not_called_one(tmp_path, rule, scalars):
    assert rule not in found(scalars, tmp_path)


def test_every_rule_that_is_only_for_other_programs_has_a_fault_here():
    assert {rule.name for rule in RULES if not rule.ours} <= {rule for rule, _, _ in FAULTS}


# -- units -------------------------------------------------------------------------------------------------------------

SQUARED = ("loss", "critic_loss", "value_loss", "qf_loss", "qf1_loss")
SCALED = ("ep_rew_mean", "q", "episodic_return", "qf1_values", "qf2_values", "actor_loss", "Q")


def in_unit(scalars, unit):
    """The log of the same run with all rewards times ``unit``."""

    def factor(tag):
        name = tag.rpartition("/")[2]
        return unit**2 if name in SQUARED else unit if name in SCALED or name.endswith((". Q", "_q")) else 1.0

    return {tag: points._replace(values=points.values * factor(tag)) for tag, points in scalars.items()}


@pytest.mark.parametrize("unit", [0.01, 100.0])
@pytest.mark.parametrize("scalars", [*HEALTHY.values(), *(log for _, log, _ in FAULTS), *(log for _, log in HARMLESS)])
def test_the_unit_of_the_reward_changes_no_verdict_and_no_finding(tmp_path, scalars, unit):
    first, second = (assess(foreign(log, tmp_path)) for log in (scalars, in_unit(scalars, unit)))
    named = [[(finding.rule, finding.severity) for finding in a.diagnosis.findings] for a in (first, second)]
    assert named[0] == named[1]
    assert first.gate_result.verdict is second.gate_result.verdict


# -- evidence and advice -----------------------------------------------------------------------------------------------


def test_nan_does_not_hide_what_came_before_it(tmp_path):
    grown = np.where(np.arange(POINTS) < 60, np.geomspace(1.0, 1e8, POINTS), math.nan)
    findings = found(TD3 | {"train/critic_loss": series(grown, **STEPS)}, tmp_path)
    assert (
        "train/critic_loss is nan at step 61,000; before that grew train/critic_loss \u00d7" in findings["non_finite"].evidence
    )
    assert "critic_divergence" in findings


def test_of_several_that_grew_the_first_is_named_first(tmp_path):
    def until(first, start):
        values = np.where(np.arange(POINTS) < start, first, first * 1.3 ** np.clip(np.arange(POINTS) - start, 0, None))
        return series(np.where(np.arange(POINTS) < 80, values, math.nan), **STEPS)

    evidence = found(TD3 | {"train/actor_loss": until(-2.0, 50), "train/critic_loss": until(3.0, 30)}, tmp_path)[
        "non_finite"
    ].evidence
    assert evidence.index("train/critic_loss \u00d7") < evidence.index("train/actor_loss \u00d7")


@pytest.mark.parametrize(
    ("scalars", "said"),
    [
        (
            TD3 | {"train/critic_loss": exponential(1.0, 1e7)},
            "Lower learning_rate, and normalise rewards and observations with",
        ),
        (CLEANRL | {"losses/qf_loss": exponential(1.0, 1e7)}, "Lower --learning-rate"),
        (
            {"Critic Loss": exponential(1.0, 1e7), "Actor Loss": noisy(-3.0), "Reward": noisy(5.0)},
            "Lower the critic's learning rate",
        ),
    ],
)
def test_advice_is_in_the_words_of_the_program(tmp_path, scalars, said):
    recommendation = found(scalars, tmp_path)["critic_divergence"].recommendation
    assert recommendation.startswith(said)


@pytest.mark.parametrize("scalars", [log for _, log, _ in FAULTS if not any(tag.startswith("debug/") for tag in log)])
def test_no_advice_to_another_program_has_a_key_of_ours(tmp_path, scalars):
    for finding in diagnose(foreign(scalars, tmp_path)).findings:
        for section in ("algorithm.", "reward.", "network.", "hardware.", "logging.", "scenario."):
            assert section not in finding.recommendation.replace("--set algorithm.discount", ""), finding.rule


def test_a_policy_gradient_log_is_not_asked_for_q(tmp_path):
    diagnosis = diagnose(foreign(PPO | {"train/policy_gradient_loss": exponential(0.01, 1e3)}, tmp_path))
    assert "q_divergence" not in {finding.rule for finding in diagnosis.findings}
    assert "q_divergence" not in diagnosis.gaps


def test_a_policy_that_is_constant_anywhere_near_a_bound_is_found(tmp_path):
    for level in (0.88, -1.0):
        stuck = TD3 | {"Action/Steer": series(level * np.minimum(1.0, np.arange(POINTS) / 20.0), **STEPS)}
        finding = found(stuck, tmp_path)["constant_policy"]
        assert f"Action/Steer {level:.3g} in the whole last quarter" in finding.evidence
    assert "constant_policy" not in found(TD3 | {"Action/Steer": series(0.5 * NOISE, **STEPS)}, tmp_path)
