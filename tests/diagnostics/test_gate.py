import numpy as np
import pytest

from av_td3.diagnostics.diagnose import diagnose
from av_td3.diagnostics.finding import Severity
from av_td3.diagnostics.gate import Verdict, evaluate_gate
from av_td3.diagnostics.gate_file import read_gate
from av_td3.diagnostics.recorded_run import read_run
from tests.diagnostics.logs import ALERTS, config_of, foreign, growing, healthy, norms, recorded, series, without
from tests.diagnostics.seed_logs import SEED_LOGS, seed_log

NEEDED = (
    *(f"train/{name}" for name in ("actor_loss", "critic_loss", "q1_value", "q2_value", "updates")),
    *(f"debug/{name}" for name in ("q1_q2_diff", "actor_grad_norm_AFTER_clip_max", "critic_grad_norm_AFTER_clip_max")),
    *("episode/length", "eval/reward"),
    *(f"alerts/{alert}" for alert in ALERTS if alert not in ("action_saturation", "q_divergence")),
)
SOFT_ALERTS = ("action_saturation", "q_divergence")  # |Q| has a criterion; a saturated run is diagnosed, not refused


@pytest.fixture
def verdict(tmp_path):
    def of(scalars, *overrides, **status):
        found, criteria = evaluate_gate(recorded(scalars, tmp_path, *overrides, **status), config_of(*overrides).gate)
        return found, {c.name: c for c in criteria if c.verdict is not Verdict.GO}

    return of


def test_a_healthy_run_is_go(verdict):
    assert verdict(healthy()) == (Verdict.GO, {})


EXPLODED = {**norms("actor", [2e4] * 40, [1.0] * 40)}
DEAD = {**norms("actor_mlp", [0.1] * 20 + [0.0] * 20, [0.1] * 20 + [0.0] * 20)}


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"train/actor_loss": series([1.0] * 39 + [-1e6])}, "|actor loss|"),
        ({"train/actor_loss": series([1.5**i / 1e3 for i in range(34)])}, "actor loss growth"),
        ({"train/q2_value": series([-300.0])}, "|Q|"),
        ({"debug/q1_q2_diff": series([6.0])}, "mean |Q1 - Q2|"),
        ({"train/critic_loss": series([1000.0, 10.0])}, "mean critic loss"),
        ({"train/critic_loss": series([float("nan")])}, "mean critic loss"),
        ({"debug/actor_grad_norm_AFTER_clip_max": series([0.5, 1.93])}, "actor norm after clip"),
        ({"debug/actor_cnn_grad_norm_AFTER_clip": series([0.5, 1.93])}, "actor norm after clip"),
        (EXPLODED, "gradient norm"),
        (DEAD, "dead gradient"),
        ({"debug/actor_q_mean": growing(5.0, 1e4)}, "actor-critic disagreement"),
        ({"debug/td_error": series([1.0, float("inf")])}, "non-finite value"),
    ],
)
def test_one_broken_hard_criterion_is_no_go_and_named(verdict, changed, name):
    found, broken = verdict(healthy() | changed)
    assert found is Verdict.NO_GO
    assert broken[name].verdict is Verdict.NO_GO


def test_an_algorithm_without_a_key_for_its_critics_is_asked_for_those_that_it_logs(tmp_path):
    scalars = without(healthy(), "train/q2_value", "debug/q1_q2_diff")
    run = recorded(scalars, tmp_path)
    del run.config["algorithm"]["critics"]
    criteria = {criterion.name: criterion.verdict for criterion in evaluate_gate(run, config_of().gate).criteria}
    assert criteria["|Q|"] is Verdict.GO
    assert "mean |Q1 - Q2|" not in criteria


@pytest.mark.parametrize("missing", NEEDED)
def test_a_broken_criterion_outranks_any_that_lacks_data(verdict, missing):
    broken = {"debug/td_error": series([1.0, float("inf")])}
    if missing == "alerts/non_finite":  # of the same criterion
        broken = {"train/q1_value": series([1e6] * 40)}
    found, missed = verdict(without(healthy() | broken, missing))
    assert {c.verdict for c in missed.values()} == {Verdict.NO_GO, Verdict.INVESTIGATE}
    assert found is Verdict.NO_GO


def test_a_norm_may_exceed_its_limit_by_the_tolerance_of_the_run_itself(verdict, tmp_path):
    above = {"debug/actor_grad_norm_AFTER_clip_max": series([0.5] * 39 + [1.04])}
    assert verdict(healthy() | above)[0] is Verdict.NO_GO
    assert verdict(healthy() | above, "alerts.clip_tolerance=0.05")[0] is Verdict.GO
    slightly = {"debug/actor_grad_norm_AFTER_clip_max": series([0.5] * 39 + [1.0005])}
    assert verdict(healthy() | slightly)[0] is Verdict.GO
    assert verdict(healthy() | slightly, "alerts.clip_tolerance=0")[0] is Verdict.NO_GO


@pytest.mark.parametrize("alert", [alert for alert in ALERTS if alert not in SOFT_ALERTS])
def test_one_update_that_raised_an_alert_is_no_go(verdict, alert):
    found, broken = verdict(healthy() | {f"alerts/{alert}": series([0.0, 1.0])})
    assert found is Verdict.NO_GO
    assert [c.verdict for c in broken.values()] == [Verdict.NO_GO]


@pytest.mark.parametrize("alert", SOFT_ALERTS)
def test_other_alerts_do_not_decide(verdict, alert):
    assert verdict(healthy() | {f"alerts/{alert}": series([0.0, 1.0])})[0] is Verdict.GO


def test_soft_criteria_ask_to_investigate(verdict):
    shrinking = {"episode/length": series([50] * 50 + [3] * 30, first=60, every=60)}
    assert verdict(healthy() | shrinking)[0] is Verdict.INVESTIGATE
    assert verdict(healthy() | {"eval/reward": series([5.0, 1.0])})[0] is Verdict.INVESTIGATE
    assert verdict(healthy() | {"train/updates": series([10.0])})[0] is Verdict.INVESTIGATE


def test_an_evaluation_that_was_better_in_between_is_not_go(verdict):
    found, missed = verdict(healthy() | {"eval/reward": series([70.0, 80.7, 76.0])})
    assert found is Verdict.GO
    found, missed = verdict(healthy() | {"eval/reward": series([26.0, 80.7, 31.6])})
    assert (found, missed["evaluation reward"].measured) == (Verdict.INVESTIGATE, "26, 80.7 at best, then 31.6")


def test_a_run_that_was_not_ended_by_its_schedule_is_not_go(verdict):
    found, missed = verdict(healthy(), status={"state": "failed", "step": 4000})
    assert (found, list(missed)) == (Verdict.INVESTIGATE, ["end of the run"])
    assert missed["end of the run"].measured == "failed at step 4000"
    assert verdict(healthy(), status={"state": "done", "step": 900})[0] is Verdict.INVESTIGATE


@pytest.mark.parametrize("tag", NEEDED)
def test_what_was_not_logged_is_never_go(verdict, tag):
    assert verdict(without(healthy(), tag))[0] is Verdict.INVESTIGATE


def test_nothing_at_all_is_investigate_in_every_criterion_that_has_data(tmp_path):
    found, criteria = evaluate_gate(foreign({"some/tag": series([1.0])}, tmp_path), config_of().gate)
    assert found is Verdict.INVESTIGATE
    assert {c.verdict for c in criteria} == {Verdict.INVESTIGATE}


def test_without_clipping_no_norm_is_held_against_a_limit(verdict):
    free = healthy() | norms("actor", [50.0] * 40, [50.0] * 40)
    assert verdict(free, "clipping=off")[0] is Verdict.GO
    assert verdict(free)[0] is Verdict.NO_GO


def test_the_distance_of_mean_q_values_can_break_the_twins_but_not_clear_them(tmp_path):
    scalars = without(healthy(), "debug/q1_q2_diff")
    far = scalars | {"train/q2_value": series([12.0] * 40)}
    for content, expected in ((scalars, Verdict.INVESTIGATE), (far, Verdict.NO_GO)):
        criteria = evaluate_gate(recorded(content, tmp_path), config_of().gate).criteria
        assert {c.name: c.verdict for c in criteria}["mean |Q1 - Q2|"] is expected


def test_a_lone_critic_has_no_twin(tmp_path):
    scalars = without(healthy(), "debug/q1_q2_diff", "train/q2_value")
    assert evaluate_gate(recorded(scalars, tmp_path, "algorithm=ddpg"), config_of("algorithm=ddpg").gate).verdict is Verdict.GO


def test_thresholds_are_those_of_the_gate(verdict):
    scalars = healthy() | {"train/q1_value": series(np.full(40, 150.0))}
    scalars |= {"debug/actor_q_mean": series(np.full(40, 150.0))}
    assert verdict(scalars)[0] is Verdict.GO
    assert verdict(scalars, "gate.max_q=100")[0] is Verdict.NO_GO


@pytest.mark.skipif(not SEED_LOGS.exists(), reason="the logs of the exploded runs are not here")
@pytest.mark.parametrize("name", ["20251113-132842", "20251117-184435", "20251121-110006"])
def test_the_runs_that_exploded_are_no_go(name):
    assert evaluate_gate(read_run(seed_log(name)), read_gate("validation_5k")).verdict is Verdict.NO_GO


@pytest.mark.parametrize(
    ("at_threshold", "beyond", "name"),
    [
        ({"train/updates": series([1000.0])}, {"train/updates": series([999.0])}, "updates"),
        ({"train/q2_value": series([-200.0])}, {"train/q2_value": series([-200.1])}, "|Q|"),
        ({"debug/q1_q2_diff": series([5.0])}, {"debug/q1_q2_diff": series([5.1])}, "mean |Q1 - Q2|"),
        ({"train/critic_loss": series([500.0])}, {"train/critic_loss": series([500.1])}, "mean critic loss"),
        ({"eval/reward": series([4.0, 4.3])}, {"eval/reward": series([4.0, 4.1])}, "evaluation reward"),
    ],
)
def test_a_threshold_itself_is_allowed_and_the_next_number_is_not(verdict, at_threshold, beyond, name):
    limits = "gate.min_updates=1000", "gate.max_q=200", "gate.max_twin_gap=5", "gate.max_critic_loss=500"
    assert name not in verdict(healthy() | at_threshold, *limits)[1]
    assert name in verdict(healthy() | beyond, *limits)[1]


def test_no_go_never_stands_above_nothing_found(tmp_path):
    """Every criterion that is broken has a critical finding, whatever is wrong with which tag."""
    rng = np.random.default_rng(0)
    tags = [tag for tag in healthy() if not tag.startswith("reward/")]
    for _ in range(400):
        scalars = healthy()
        for tag in rng.choice(tags, 2, replace=False):
            values = scalars[tag].values.copy()
            shape = rng.choice(["last", "all", "one", "growing", "zero"])
            size = 10.0 ** rng.uniform(0.0, 8.0)
            if shape == "growing":
                values = values * np.geomspace(1.0, size, len(values))
            elif shape == "zero":
                values[len(values) // 2 :] = 0.0
            else:
                values[{"last": slice(-1, None), "all": slice(None), "one": slice(3, 4)}[shape]] *= size
                values[-1] += size if tag.startswith("alerts/") else 0.0
            scalars[tag] = scalars[tag]._replace(values=values)
        run = recorded(scalars, tmp_path)
        criteria = evaluate_gate(run, config_of().gate).criteria
        broken = [criterion.name for criterion in criteria if criterion.verdict is Verdict.NO_GO]
        critical = [finding.rule for finding in diagnose(run).findings if finding.severity is Severity.CRITICAL]
        assert bool(broken) <= bool(critical), (broken, critical)
