"""Whether the return rises: the trend of a series, and the rules that name it."""

import numpy as np
import pytest

from av_td3.diagnostics.diagnose import diagnose
from av_td3.diagnostics.finding import Severity
from av_td3.diagnostics.returns import Trend, trend_of
from tests.diagnostics.logs import foreign, healthy, recorded, series

RNG = np.random.default_rng(0)
COUNT = 200
NOISE = RNG.standard_normal(COUNT)
RISING = np.linspace(0.0, 100.0, COUNT)
LATE_RISE = np.interp(np.arange(COUNT), [0, 150, 200], [0.0, 0.0, 80.0])
SATURATING = 100.0 * (1.0 - np.exp(-np.arange(COUNT) / 20.0))
UP_AND_DOWN = np.interp(np.arange(COUNT), [0, 90, 120, 200], [0.0, 100.0, 20.0, 10.0])


def running_mean(values, window=100):
    return np.array([np.mean(values[max(0, i - window + 1) : i + 1]) for i in range(len(values))])


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        (RISING + 10.0 * NOISE, Trend.RISES),
        (LATE_RISE + 5.0 * NOISE, Trend.RISES),
        (-1300.0 + 11.0 * RISING + 100.0 * NOISE, Trend.RISES),  # costs
        (SATURATING + 5.0 * NOISE, Trend.PLATEAU),
        (50.0 + 10.0 * NOISE, Trend.FLAT),
        (10.0 * NOISE, Trend.FLAT),  # around zero
        (running_mean(50.0 + 30.0 * RNG.standard_normal(COUNT)), Trend.FLAT),  # of which neighbours are nearly equal
        (np.linspace(25.0, 25.5, COUNT), Trend.FLAT),  # however exactly it is known
        (UP_AND_DOWN + 5.0 * NOISE, Trend.COLLAPSE),
        (np.where(np.arange(COUNT) < 180, RISING, 5.0), Trend.COLLAPSE),  # in the last tenth
        (-60.0 - 1.7 * np.minimum(RISING, 70.0), Trend.FALLS),
        (100.0 - 0.5 * RISING + 10.0 * NOISE, Trend.FALLS),
        (np.full(COUNT, 5.367151), Trend.IDENTICAL),
        (np.where(np.arange(COUNT) < 40, -3000.0 + 500.0 * NOISE, -174.0), Trend.IDENTICAL),  # the car stands
        (np.minimum(500.0, 20.0 + 8.0 * np.arange(COUNT)), Trend.SOLVED),  # every episode is a success
        (-150.0 - 1250.0 * np.exp(-np.arange(COUNT) / 4.0) + 20.0 * NOISE, Trend.PLATEAU),  # learned in the first twentieth
        (np.interp(np.arange(COUNT), [0, 90, 200], [0.0, 100.0, 62.0]) + 2.0 * NOISE, Trend.DECLINES),
    ],
)
@pytest.mark.parametrize("scale", [0.01, 1.0, 1000.0])
def test_the_trend_of_a_return_is_told_through_its_noise_in_any_unit(values, trend, scale):
    assert trend_of(series(scale * values)).trend is trend


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        ([76.0, 80.7, 31.6], Trend.FALLS),
        ([10.0, 80.7, 31.6], Trend.COLLAPSE),
        ([10.0, 30.0, 80.0], Trend.RISES),
        ([70.0, 80.0, 75.0], Trend.FLAT),
        ([-3.0, 4.0], Trend.RISES),
    ],
)
def test_of_few_points_only_large_changes_count(values, trend):
    assert trend_of(series(values)).trend is trend


def test_noise_alone_is_hardly_ever_a_trend():
    rng = np.random.default_rng(7)
    trends = [trend_of(series(20.0 + 15.0 * rng.standard_normal(150))).trend for _ in range(200)]
    assert sum(trend is not Trend.FLAT for trend in trends) <= 10


def found(values, tmp_path, **more):
    tags = {"rollout/ep_rew_mean": series(values), "rollout/ep_len_mean": series([100.0] * len(values))} | more
    return {finding.rule: finding for finding in diagnose(foreign(tags, tmp_path)).findings}


@pytest.mark.parametrize(
    ("values", "rule", "said"),
    [
        (UP_AND_DOWN + NOISE, "return_collapse", "rose to"),
        (100.0 - 0.8 * RISING + NOISE, "return_collapse", "in the first quarter"),
        (50.0 + NOISE, "no_learning", "flat from step 2,525 on, 100% of the run"),
        (np.full(COUNT, 5.367151), "identical_returns", "is 5.367151 at 200 of 200 points"),
        (SATURATING + NOISE, "return_plateau", "is flat at"),
    ],
)
def test_each_way_not_to_learn_has_its_finding_with_the_tag_of_the_log(tmp_path, values, rule, said):
    (finding,) = found(values, tmp_path).values()
    assert finding.rule == rule
    assert said in finding.evidence
    assert "return (rollout/ep_rew_mean)" in finding.evidence
    assert finding.severity is (Severity.INFO if rule == "return_plateau" else Severity.WARNING)
    assert "--checkpoint" not in finding.recommendation  # which programs of others do not know


@pytest.mark.parametrize("values", [RISING + 10.0 * NOISE, np.minimum(500.0, 20.0 + 8.0 * np.arange(COUNT))])
def test_a_return_that_rises_has_none(tmp_path, values):
    assert found(values, tmp_path) == {}


def test_evaluations_count_more_than_training_episodes_where_there_are_enough(tmp_path):
    rises = {"eval/mean_reward": series(np.linspace(0.0, 10.0, 10), every=1000)}
    assert "no_learning" not in found(50.0 + NOISE, tmp_path, **rises)
    assert "no_learning" in found(50.0 + NOISE, tmp_path, **{"eval/mean_reward": series([0.0, 5.0, 10.0])})


def test_what_happened_beside_the_return_is_evidence(tmp_path):
    more = {
        "rollout/exploration_rate": series(np.linspace(1.0, 0.05, COUNT)),
        "rollout/success_rate": series([0.0] * 190 + [0.3] * 10),
    }
    evidence = found(50.0 + NOISE, tmp_path, **more)["no_learning"].evidence
    assert "epsilon 1 to 0.167" in evidence
    assert "success in 1.5%" in evidence


def test_a_return_that_is_always_zero_is_not_called_a_constant_policy(tmp_path):
    finding = found(np.zeros(COUNT), tmp_path)["identical_returns"]
    assert finding.recommendation.startswith("No episode ever sees a reward")


def test_a_return_that_rose_only_as_epsilon_fell_has_not_been_learned(tmp_path):
    at_once = 3.8 - 3.0 * np.exp(-np.arange(COUNT) / 4.0) + 0.2 * NOISE
    assert found(at_once, tmp_path).keys() == {"return_plateau"}
    epsilon = {"rollout/exploration_rate": series(np.maximum(0.05, 1.0 - 0.06 * np.arange(COUNT)))}
    assert found(at_once, tmp_path, **epsilon).keys() == {"no_learning"}


def test_a_flat_return_of_episodes_that_succeed_is_no_failure(tmp_path):
    assert found(50.0 + NOISE, tmp_path, **{"rollout/success_rate": series([0.95] * COUNT)}) == {}


def test_evaluations_that_end_early_do_not_hide_the_training_episodes(tmp_path):
    early = {"eval/mean_reward": series(np.linspace(0.0, 10.0, 10))}
    assert found(UP_AND_DOWN + NOISE, tmp_path, **early).keys() == {"return_collapse"}


def test_a_few_evaluations_that_lose_everything_count_beside_training_episodes_that_rise(tmp_path):
    few = {"eval/mean_reward": series([5.0, 80.0, 3.0], every=4000)}
    assert found(RISING + NOISE, tmp_path, **few).keys() == {"return_collapse"}


def test_too_few_points_say_nothing(tmp_path):
    assert found([50.0] * 7, tmp_path).keys() == {"too_little_data"}


def test_a_run_of_ours_that_lost_what_it_had_learned_has_a_finding(tmp_path):
    run = recorded(healthy() | {"eval/reward": series([76.0, 80.7, 31.6])}, tmp_path)
    assert [finding.rule for finding in diagnose(run).findings] == ["return_collapse"]
    (finding,) = diagnose(recorded(healthy() | {"eval/reward": series([20.0, 80.7, 31.6])}, tmp_path)).findings
    assert "the checkpoint of the best return (--checkpoint best)" in finding.recommendation
    rises = recorded(healthy() | {"eval/reward": series([70.0, 80.7, 76.0])}, tmp_path)
    assert diagnose(rises).findings == []
