"""Each rule on logs with and without its problem."""

import inspect
import math
import warnings
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import get_type_hints

import numpy as np
import pytest

from av_td3.diagnostics import rules
from av_td3.diagnostics.diagnose import RULES, diagnose
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.gate import Verdict, evaluate_gate
from av_td3.diagnostics.gate_file import read_gate
from av_td3.diagnostics.recorded_run import read_run
from av_td3.runs.series import Series
from tests.diagnostics.logs import SPREADS, foreign, growing, healthy, noise, norms, recorded, series, steady, without
from tests.diagnostics.seed_logs import SEED_LOGS, seed_log

ALIVE, DEAD = [0.1] * 40, [0.1] * 4 + [0.0] * 36
EXPLODING = {"train/actor_loss": growing(10.0, 1e7), "debug/actor_q_mean": growing(10.0, 1e7)}
BINDS = {"debug/actor_clipped_fraction": series([1.0] * 40)}
NEVER = {"debug/actor_clipped_fraction": series([0.0] * 40)}


def found(scalars, tmp_path, *overrides):
    return {finding.rule: finding for finding in diagnose(recorded(healthy() | scalars, tmp_path, *overrides)).findings}


FILLED_STEPS = [*range(250, 2501, 250), *range(2560, 5001, 60)]
FILLED = {  # ten episodes of a driver, then those of a policy that begins to learn
    "episode/reward": Series(np.array(FILLED_STEPS), np.array([190.0] * 10 + list(np.linspace(-7.0, 4.0, 41)))),
    "episode/length": Series(np.array(FILLED_STEPS), np.array([240.0] * 10 + list(np.linspace(20.0, 70.0, 41)))),
    "train/critic_loss": series([2.0] * 40, first=2525, every=60),
}


@pytest.mark.parametrize(("driver", "named"), [("pure_pursuit", set()), ("null", {"return_collapse", "episode_collapse"})])
def test_episodes_of_a_driver_that_filled_the_replay_are_no_yardstick_for_the_policy(tmp_path, driver, named):
    scalars = healthy() | FILLED
    del scalars["eval/reward"]
    rules = {f.rule for f in diagnose(recorded(scalars, tmp_path, f"replay.fill_with={driver}")).findings}
    assert rules & {"return_collapse", "episode_collapse"} == named


def test_nothing_is_found_in_a_healthy_run_and_everything_was_looked_at(tmp_path):
    diagnosis = diagnose(recorded(healthy(), tmp_path))
    assert diagnosis.findings == []
    assert diagnosis.unchecked == []


def test_nothing_is_found_where_nothing_is_known_but_that(tmp_path):
    run = foreign({"some/tag": series([1.0])}, tmp_path)
    diagnosis = diagnose(run)
    assert [finding.rule for finding in diagnosis.findings] == ["unknown_tags"]
    silent = {"non_finite", "too_little_data", "unknown_tags", "return_not_logged"}  # the rules that need nothing
    assert {unchecked.rule for unchecked in diagnosis.unchecked} == {r.name for r in RULES if r.applies_to(run)} - silent


FAULTS = {
    "feature_exploitation": [
        EXPLODING | norms("actor_mlp", DEAD, DEAD),
        without(EXPLODING, "debug/actor_q_mean") | norms("actor_mlp", DEAD, DEAD),
    ],
    "non_finite": [{"train/q1_value": series([5.0] * 39 + [float("nan")])}, {"alerts/non_finite": series([0.0, 2.0])}],
    "action_saturation": [{"debug/action_saturation": series([0.0] * 10 + [1.0] * 30)}],
    "dead_module": [norms(module, DEAD, DEAD) for module in ("actor_cnn", "actor_mlp", "critic_cnn", "critic_mlp")],
    "q_divergence": [
        {"train/q1_value": growing(5.0, 400.0)},
        {"debug/actor_q_mean": growing(5.0, 150.0)},  # the actions still learn
        {"train/q1_value": growing(5.0, 150.0), "debug/actor_q_mean": growing(5.0, 150.0)},  # nobody ever earned so much
    ],
    "critic_divergence": [{"train/critic_loss": steady(500.0)}, {"train/critic_loss": growing(1.0, 150.0)}],
    "twin_divergence": [{"debug/q1_q2_diff": series([0.5] * 39 + [7.0])}],
    "clip_violation": [
        norms("actor", [3.0] * 40, [1.01] + [1.0] * 39),
        norms("critic", [30.0] * 40, np.linspace(5.0, 25.0, 40)),
    ],
    "gradient_explosion": [norms("actor", np.geomspace(1.0, 1e6, 40), [1.0] * 40)],
    "sum_of_norms": [
        norms("actor_cnn", [4.0] * 40, [1.93] * 40) | norms("actor", [4.0] * 40, [1.93] * 40),
    ],
    "clip_always_binds": [BINDS],
    "clip_never_binds": [NEVER],
    "reward_dominance": [{"reward/share_progress": series([0.9] * 80, first=60, every=60)}],
    "episode_collapse": [
        {
            "episode/length": series([50.0] * 60 + [4.0] * 20, first=60, every=60),
            "episode/reward": series([20.0] * 60 + [1.0] * 20, first=60, every=60),
        }
    ],
    "actor_divergence": [{"train/actor_loss": series([-5.0] * 39 + [-1500.0])}, {"train/actor_loss": growing(1.0, 900.0)}],
    "alerts_raised": [{"alerts/dead_gradient": series([0.0] * 39 + [3.0])}],
    "input_scale": [
        {"debug/vector_std_speed": steady(0.03)},  # one entry too narrow
        {"debug/vector_std_waypoints": steady(9.0)},  # too wide
        {f"debug/vector_std_{entry}": steady(std / 20.0) for entry, std in SPREADS.items()},
        {"debug/features_std": steady(0.03)},
    ],
    "constant_policy": [{"debug/action_steering_mean": series(np.full(40, 0.88) + 1e-3 * noise(40))}],
    "too_little_data": [{"train/updates": series([500.0])}, {"train/critic_loss": series([1.0] * 5)}],
}


@pytest.mark.parametrize(("rule", "fault"), [(rule, fault) for rule, faults in FAULTS.items() for fault in faults])
def test_a_fault_is_found_by_its_name_with_evidence_and_advice(tmp_path, rule, fault):
    scalars = healthy() | fault
    if rule == "feature_exploitation" and "debug/actor_q_mean" not in fault:
        scalars = without(scalars, "debug/actor_q_mean")
    findings = {finding.rule: finding for finding in diagnose(recorded(scalars, tmp_path)).findings}
    assert rule in findings
    assert any(letter.isdigit() for letter in findings[rule].evidence)
    assert findings[rule].recommendation.endswith((".", "nothing."))


def test_limits_are_those_of_the_run_itself(tmp_path):
    above = norms("actor", [3.0] * 40, np.linspace(0.5, 1.04, 40))
    assert "clip_violation" in found(above, tmp_path)
    assert "clip_violation" not in found(above, tmp_path, "alerts.clip_tolerance=0.05")
    exploiting = EXPLODING | norms("actor_mlp", DEAD, DEAD)
    assert "feature_exploitation" not in found(exploiting, tmp_path, "gate.max_disagreement=1e9")
    apart = {"debug/actor_q_mean": growing(5.0, 150.0)}
    assert found(apart, tmp_path)["q_divergence"].severity is Severity.CRITICAL  # as severe as the gate's verdict on it
    assert "q_divergence" not in found(apart, tmp_path, "gate.max_disagreement=1e9")
    saturated = {"debug/action_saturation": series([0.8] * 40)}
    assert found(saturated, tmp_path)["action_saturation"].severity is Severity.WARNING
    strict = found(saturated, tmp_path, "alerts.saturation_share=0.7", "alerts.saturation_level=0.95")["action_saturation"]
    assert (strict.severity, "beyond 0.95" in strict.evidence) == (Severity.CRITICAL, True)


def test_every_rule_that_is_written_is_in_the_table():
    modules = [import_module(f"{rules.__name__}.{module.name}") for module in iter_modules(rules.__path__)]
    functions = {name: function for module in modules for name, function in inspect.getmembers(module, inspect.isfunction)}
    written = {function for function in functions.values() if get_type_hints(function).get("return") == Iterator[Finding]}
    assert written == {getattr(rule.check, "func", rule.check) for rule in RULES}


def test_every_rule_for_runs_of_ours_has_a_fault_here():
    returns = {"return_collapse", "identical_returns", "no_learning", "return_plateau"}  # in test_learning_rules.py
    assert set(FAULTS) | {"early_learning"} | returns == {rule.name for rule in RULES if rule.ours}


@pytest.mark.parametrize(
    ("rule", "harmless"),
    [
        ("feature_exploitation", {"train/actor_loss": growing(5.0, 45.0), "debug/actor_q_mean": growing(5.0, 45.0)}),
        ("feature_exploitation", EXPLODING),  # the actions still learn
        ("action_saturation", {"debug/action_saturation": series([1.0] * 20 + [0.3] * 20)}),  # it recovered
        ("dead_module", norms("actor_mlp", [0.1] * 20 + [0.0] * 19 + [0.1], [0.1] * 20 + [0.0] * 19 + [0.1])),
        ("q_divergence", {"train/q1_value": growing(5.0, 50.0), "debug/actor_q_mean": growing(5.0, 50.0)}),
        ("critic_divergence", {"train/critic_loss": series([1500.0] + [2.0] * 39)}),
        ("critic_divergence", {"train/critic_loss": growing(0.1, 5.0)}),
        ("twin_divergence", {"debug/q1_q2_diff": series([4.9] * 40)}),
        ("input_scale", {"debug/vector_std_speed": steady(0.12)}),
        ("input_scale", {"debug/vector_std_speed": series([1e-8] * 40)}),  # the same number all the time
        ("input_scale", {"debug/features_std": growing(0.005, 0.7)}),  # an encoder that had to learn first
        ("clip_violation", norms("actor", [3.0] * 40, [1.0 + 5e-4] * 40)),
        ("gradient_explosion", norms("actor", [9e3] * 40, [1.0] * 40)),
        ("sum_of_norms", norms("actor_cnn", [4.0] * 40, [0.99] * 40)),
        ("clip_always_binds", {"debug/actor_clipped_fraction": series([0.8] * 40)}),
        ("clip_never_binds", {"debug/actor_clipped_fraction": series([0.02] * 40)}),
        ("reward_dominance", {"reward/share_progress": series([0.79] * 80, first=60, every=60)}),
        # a car that learns not to stand still has shorter episodes and earns more
        (
            "episode_collapse",
            {
                "episode/length": series([300.0] * 45 + [60.0] * 35, first=60, every=60),
                "episode/reward": series([1.0] * 45 + [9.0] * 35, first=60, every=60),
            },
        ),
        ("too_little_data", {"train/updates": series([1000.0])}),
        ("actor_divergence", {"train/actor_loss": growing(1.0, 90.0)}),
        ("alerts_raised", {"alerts/action_saturation": series([0.0] * 39 + [3.0])}),  # has a rule of its own
        ("constant_policy", {"debug/action_steering_mean": series(np.full(40, 0.6) + 1e-3 * noise(40))}),
        ("constant_policy", {"debug/action_steering_mean": series(np.full(40, 0.88) + 0.05 * noise(40))}),
    ],
)
def test_what_is_no_fault_is_not_called_one(tmp_path, rule, harmless):
    assert rule not in found(harmless, tmp_path)


def test_learning_that_started_too_early_depends_on_batch_and_start(tmp_path):
    early = found({}, tmp_path, "algorithm.batch_size=256", "algorithm.learning_starts=1000")["early_learning"]
    assert "256 was 26% of the 1000 steps" in early.evidence
    assert "early_learning" not in found({}, tmp_path, "algorithm.batch_size=256", "algorithm.learning_starts=1280")


def test_causes_come_before_what_follows_from_them_and_grave_ones_first(tmp_path):
    scalars = healthy() | EXPLODING | BINDS | norms("actor_mlp", DEAD, DEAD) | {"debug/q1_q2_diff": series([9.0] * 40)}
    findings = diagnose(recorded(scalars, tmp_path)).findings
    named = [f.rule for f in findings]
    assert named == ["feature_exploitation", "dead_module", "twin_divergence", "actor_divergence", "clip_always_binds"]
    assert [f.severity for f in findings] == [Severity.CRITICAL] * 4 + [Severity.WARNING]


def test_a_norm_to_try_next_clips_forty_percent_and_is_at_most_forty(tmp_path):
    before = np.linspace(1.0, 11.0, 101)
    scalars = BINDS | {"debug/actor_grad_norm_BEFORE_clip": series(before)}
    recommendation = found(scalars, tmp_path, "algorithm.gradient_clipping.actor_max_norm=0.5")[
        "clip_always_binds"
    ].recommendation
    assert "actor_max_norm=7, which 40% of the logged norms exceed" in recommendation
    huge = BINDS | {"debug/actor_grad_norm_BEFORE_clip": series(before * 100)}
    assert "actor_max_norm=" not in found(huge, tmp_path)["clip_always_binds"].recommendation
    runaway = BINDS | {"debug/actor_grad_norm_BEFORE_clip": growing(2.0, 5e3)}
    assert "diverges" in found(runaway, tmp_path)["clip_always_binds"].recommendation


def test_advice_against_saturation_leaves_out_what_is_already_done(tmp_path):
    saturated = {"debug/action_saturation": series([1.0] * 40)}
    assert found(saturated, tmp_path, "network=nature_cnn_plain", "algorithm.pre_tanh_penalty=0")[
        "action_saturation"
    ].recommendation.startswith("In this order: network.trunk=layernorm_tanh; algorithm.pre_tanh_penalty=0.01; a third of")
    assert found(saturated, tmp_path)["action_saturation"].recommendation.startswith("In this order: a third of")


def test_inputs_that_spread_too_differently_are_named_with_the_scales_that_make_them_equal(tmp_path):
    narrow = {"debug/vector_std_speed": series([0.02] * 40), "debug/features_std": series([0.6] * 40)}
    finding = found(narrow, tmp_path, "observation.vector.speed.scale=100")["input_scale"]
    assert finding.severity is Severity.WARNING
    assert "speed 0.02, heading_error 1" in finding.evidence
    assert "The heads learn little from speed." in finding.recommendation
    assert finding.recommendation.endswith("about 1: observation.vector.speed.scale=2.")
    wide = {"debug/vector_std_speed": series([8.0] * 40), "debug/features_std": series([0.1] * 40)}
    assert found(wide, tmp_path)["input_scale"].recommendation.endswith("observation.vector.speed.scale=32.")
    advice = found(wide, tmp_path, "network.trunk=plain")["input_scale"].recommendation
    assert advice.endswith("scale=32; network.trunk=layernorm_tanh, whose features have about 0.7.")


def test_without_a_camera_the_entries_of_the_vector_are_held_against_each_other(tmp_path):
    alone = without(healthy(), "debug/features_std")
    assert diagnose(recorded(alone, tmp_path)).findings == []
    apart = alone | {"debug/vector_std_speed": steady(0.03)}
    assert [finding.rule for finding in diagnose(recorded(apart, tmp_path)).findings] == ["input_scale"]


def test_where_no_spread_of_the_inputs_was_logged_their_scale_is_not_checked(tmp_path):
    older = without(healthy(), "debug/features_std", *(f"debug/vector_std_{entry}" for entry in SPREADS))
    diagnosis = diagnose(recorded(older, tmp_path))
    assert (diagnosis.findings, diagnosis.gaps) == ([], {"input_scale": "debug/features_std"})


def test_inputs_of_another_program_are_to_be_normalised(tmp_path):
    spreads = {"debug/features_std": steady(0.6), "debug/vector_std_speed": steady(0.02)}
    losses = {"train/actor_loss": steady(-5.0), "train/critic_loss": steady(2.0), "train/q1_value": steady(5.0)}
    findings = {f.rule: f for f in diagnose(foreign(losses | spreads, tmp_path)).findings}
    assert "Rescale or normalise the inputs" in findings["input_scale"].recommendation


def test_a_limit_that_no_config_tells_is_seen_in_the_norms(tmp_path):
    scalars = healthy() | norms("actor", np.linspace(2.0, 9.0, 40), [0.5] * 40) | BINDS
    findings = {f.rule: f for f in diagnose(foreign(scalars, tmp_path)).findings}
    assert "clipped at 0.5" in findings["clip_always_binds"].evidence


def test_where_clipped_updates_were_not_counted_the_norms_tell(tmp_path):
    scalars = without(healthy(), "debug/actor_clipped_fraction") | norms("actor", [3.0] * 40, [1.0] * 40)
    findings = {f.rule: f for f in diagnose(recorded(scalars, tmp_path)).findings}
    assert "100.0% of the actor's updates clipped at 1" in findings["clip_always_binds"].evidence


def test_critic_owned_has_no_encoder_of_the_actor_to_die(tmp_path):
    assert "dead_module" not in found(norms("actor_cnn", DEAD, DEAD), tmp_path, "network.gradient_routing=critic_owned")


@pytest.mark.parametrize(
    "values",
    [[0.0] * 40, [math.nan] * 40, [math.inf] * 40, [-1e30] * 20 + [1e30] * 20, [1e-30] * 40, [3.0], [1.0, math.nan]],
)
@pytest.mark.parametrize("known", [True, False])
def test_rules_and_gate_bear_any_numbers(tmp_path, values, known):
    scalars = {tag: points if tag.startswith("alerts/") else series(values) for tag, points in healthy().items()}
    run = recorded(scalars, tmp_path) if known else foreign(scalars, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diagnosis = diagnose(run)
        verdict = evaluate_gate(run, read_gate("validation_5k")).verdict
    named = {finding.rule for finding in diagnosis.findings}
    assert ("non_finite" in named) == (not np.all(np.isfinite(values)))
    assert verdict is not Verdict.GO


# -- the runs that exploded --------------------------------------------------------------------------------------------

here = pytest.mark.skipif(not SEED_LOGS.exists(), reason="the logs of the exploded runs are not here")
EXPLODED = ("20251113-132842", "20251117-184435", "20251121-110006")


@here
@pytest.mark.parametrize("name", EXPLODED)
def test_feature_exploitation_is_named_first_in_all_runs_that_exploded(name):
    first = diagnose(read_run(seed_log(name))).findings[0]
    assert (first.rule, first.severity) == ("feature_exploitation", Severity.CRITICAL)
    assert "network.gradient_routing=separate" in first.recommendation


@here
def test_the_sum_over_tensors_is_named_where_it_was_logged_and_only_there():
    named = {name: {f.rule for f in diagnose(read_run(seed_log(name))).findings} for name in EXPLODED}
    assert [name for name in EXPLODED if "sum_of_norms" in named[name]] == ["20251117-184435"]


@here
def test_evidence_holds_the_figures_of_the_logs():
    evidence = [diagnose(read_run(seed_log(name))).findings[0].evidence for name in EXPLODED]
    for text, (first, last, alive) in zip(
        evidence,
        [("2.852", "7.608e+06", "4 of 25"), ("249.8", "2.764e+09", "1 of 25"), ("1.302e+06", "2.798e+13", "0 of 40")],
        strict=True,
    ):
        assert first in text
        assert last in text
        assert alive in text


def test_too_little_data_names_only_what_is_too_little(tmp_path):
    few = found({"train/updates": series([500.0] * 40)}, tmp_path, "gate.min_updates=1000")["too_little_data"]
    assert few.evidence == "500 updates (at least 1000 needed)"


def test_a_run_without_an_update_is_told_when_learning_starts(tmp_path):
    scalars = {"episode/reward": series([1.0, 2.0])}
    run = recorded(scalars, tmp_path, "total_steps=200", "algorithm.learning_starts=250")
    (finding,) = [finding for finding in diagnose(run).findings if finding.rule == "too_little_data"]
    assert "learning starts after 250 steps (algorithm.learning_starts), and the run has 200" in finding.evidence
    assert finding.recommendation.startswith("total_steps=500 or more")


def test_learning_is_not_advised_to_start_after_the_end_of_the_run(tmp_path):
    short = found({}, tmp_path, "algorithm.learning_starts=100", "total_steps=300")["early_learning"]
    assert short.recommendation.startswith("A smaller algorithm.batch_size")
