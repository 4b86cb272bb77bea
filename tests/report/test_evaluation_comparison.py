from dataclasses import replace

import numpy as np
import pytest

from av_td3.report.evaluation_comparison import compare_evaluations
from av_td3.report.evaluation_measures import DRIVING_SCORE, MEASURES, SUCCESS
from av_td3.report.paired_difference import Verdict, corrected_for, holm, paired_difference
from av_td3.report.route_bootstrap import estimate
from av_td3.runs.evaluation_folder import EvaluatedPolicy, RecordedEvaluation
from av_td3.runs.scalars import UnreadableLog
from tests.report.evaluations import episodes, of

MEAN_SPEED = next(measure for measure in MEASURES if measure.column == "mean_speed")
JERK = next(measure for measure in MEASURES if measure.column == "jerk_rms")


@pytest.fixture
def recorded(tmp_path):
    def recording(name, rows, **changes):
        return RecordedEvaluation(tmp_path / name, of(rows, **changes), rows, [])

    return recording


def routes_with_a_difference(difference, routes=12, repeats=2, noise=0.02, seed=0):
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0.5, 0.3, (1, routes, 1))
    a, b = (difficulty + rng.normal(0.0, noise, (1, routes, repeats)) for _ in range(2))
    return a + difference, b


def test_pairs_separate_what_the_intervals_of_each_do_not():
    a, b = routes_with_a_difference(0.1)
    alone_a, alone_b = (estimate(values.mean(axis=2)) for values in (a, b))
    assert alone_b.low < alone_a.low < alone_b.high < alone_a.high  # they overlap widely
    found = paired_difference(DRIVING_SCORE, a, b)
    assert found.verdict is Verdict.A
    assert 0.05 < found.difference.low < 0.1 < found.difference.high < 0.15
    assert paired_difference(DRIVING_SCORE, b, a).verdict is Verdict.B
    assert paired_difference(JERK, a, b).verdict is Verdict.B  # less of it is better
    assert paired_difference(MEAN_SPEED, a, b).verdict is Verdict.UNRANKED


def test_equal_policies_are_rarely_separated():
    found = [paired_difference(DRIVING_SCORE, *routes_with_a_difference(0.0, seed=seed)) for seed in range(200)]
    assert np.mean([one.verdict is Verdict.OPEN for one in found]) >= 0.91


def test_as_many_routes_as_are_said_to_be_needed_separate_most_of_the_time():
    a, b = routes_with_a_difference(0.02, routes=10, repeats=1, noise=0.04, seed=3)
    b = b + (np.mean(a - b) - 0.02)  # so that the observed difference is the true one
    found = paired_difference(DRIVING_SCORE, a, b)
    assert found.verdict is Verdict.OPEN
    needed = int(found.needed.split()[1])
    true = round((2.8 / 0.02) ** 2 * 2 * 0.04**2)
    assert true / 3 < needed < 3 * true
    more = [routes_with_a_difference(0.02, routes=true, repeats=1, noise=0.04, seed=seed) for seed in range(60)]
    assert 0.6 < np.mean([paired_difference(DRIVING_SCORE, *values).verdict is Verdict.A for values in more]) < 0.95


def test_repeats_help_only_where_the_routes_agree():
    rng = np.random.default_rng(0)
    means, noise = rng.normal(0.0, 0.1, (1, 20, 1)), rng.normal(0.0, 0.3, (1, 20, 1))
    noisy = means - means.mean() + 0.03 + np.concatenate([noise, -noise], axis=2)
    found = paired_difference(DRIVING_SCORE, noisy, np.zeros((1, 20, 2)))
    assert "routes (now 20), or about " in found.needed
    assert found.needed.endswith("repeats of each (now 2)")
    by_route = 3.0 * (means - means.mean()) + 0.03 + rng.normal(0.0, 0.01, (1, 20, 2))
    found = paired_difference(DRIVING_SCORE, by_route, np.zeros((1, 20, 2)))
    assert found.needed.endswith("; more repeats on the same routes would not do")


@pytest.mark.parametrize(("routes", "verdict"), [(5, Verdict.OPEN), (6, Verdict.A)])
def test_a_difference_that_is_the_same_on_every_route_takes_six(routes, verdict):
    found = paired_difference(SUCCESS, np.ones((1, routes, 1)), np.zeros((1, routes, 1)))
    assert found.verdict is verdict
    assert np.isnan(found.difference.low)


def test_few_routes_are_not_ranked_whatever_the_difference():
    a, b = routes_with_a_difference(10.0, routes=4)
    found = paired_difference(DRIVING_SCORE, a, b)
    assert (found.verdict, found.p) == (Verdict.OPEN, 1.0)
    assert found.difference.reason == "4 routes; an interval needs 5"
    assert found.needed == "about 5 routes (now 4)"


def test_only_repeats_that_both_measured_are_paired():
    a, b = routes_with_a_difference(0.1, routes=6)
    gappy = a.copy()
    gappy[0, 2, 1], gappy[0, 5] = np.nan, np.nan
    found = paired_difference(DRIVING_SCORE, gappy, b)
    assert found.routes == 5
    assert found.by_route[2] == pytest.approx(a[0, 2, 0] - b[0, 2, 0])
    assert np.isnan(found.by_route[5])


def test_policies_of_several_trainings_widen_the_interval():
    rng = np.random.default_rng(0)
    a, b = (rng.normal(0.0, 0.2, (6, 1, 1)) + rng.normal(0.0, 0.01, (6, 10, 1)) for _ in range(2))
    trained, kept = paired_difference(DRIVING_SCORE, a + 0.1, b), paired_difference(DRIVING_SCORE, a[:4] + 0.1, b[:4])
    assert (trained.difference.over, kept.difference.over) == ("policies and routes", "routes")
    assert trained.verdict is Verdict.OPEN
    assert "times as many policies and routes" in trained.needed


def test_a_verdict_on_few_policies_says_for_which_it_holds(recorded):
    few, many = (recorded("x", episodes(policies=[f"seed {n}" for n in range(count)])) for count in (4, 5))
    assert "verdicts hold for these policies on other routes, not for others" in compare_evaluations(few, many).notes[0]
    assert compare_evaluations(many, many).notes == []


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_secondary_measure_is_ranked_after_the_correction_only():
    a, b = routes_with_a_difference(0.02, seed=5)
    one = paired_difference(JERK, a, b)._replace(p=0.03)
    assert corrected_for([one])[0].verdict is Verdict.B
    others = [one._replace(measure=measure, p=0.5) for measure in (SUCCESS, MEAN_SPEED)]
    corrected = corrected_for([one, *others])
    assert corrected[0].verdict is Verdict.OPEN
    assert corrected[0].p == pytest.approx(0.06)  # of two: mean speed takes no part


def test_evaluations_on_other_routes_are_compared_on_those_of_both(recorded):
    a, b = episodes(routes=8), [row for row in episodes(routes=10, seed=1) if row.route not in ("r00", "r01")]
    found = compare_evaluations(recorded("a", a), recorded("b", b))
    assert (found.only_a, found.only_b, len(found.routes)) == (["r00", "r01"], ["r08", "r09"], 6)
    assert found.primary.routes == 6
    apart = [replace(row, route=f"x{row.route}") for row in b]
    with pytest.raises(UnreadableLog, match="have no route in common; evaluate both on the same routes"):
        compare_evaluations(recorded("a", a), recorded("b", apart))


def test_a_better_policy_is_named_and_an_equal_one_is_not(recorded):
    base = recorded("base", episodes())
    better = compare_evaluations(base, recorded("better", episodes(shift=0.15, seed=1)))
    assert better.primary.verdict is Verdict.B
    assert better.summary.startswith("B is better: the driving score of A is ")
    assert "Also after Holm's correction, B is better in success, route completion, reward, " in better.summary
    same = compare_evaluations(base, base)
    assert same.summary.startswith("A and B cannot be separated")
    assert {one.verdict for one in same.secondary} <= {Verdict.OPEN, Verdict.UNRANKED}


def test_what_makes_a_comparison_unfair_is_named(recorded):
    rows = episodes()
    other = [replace(row, weather="HardRainNoon") for row in rows]
    settings = {"scenario.npc_vehicles": 0, "scenario.max_episode_steps": 1000}
    found = compare_evaluations(recorded("a", rows), recorded("b", other, settings=settings, seed=4))
    assert [change.key for change in found.unfair] == [
        *("scenario.max_episode_steps", "scenario.npc_vehicles", "seed", "weather")
    ]
    assert "not fair; settings that differ: scenario.max_episode_steps, scenario.npc_vehicles, seed, weather." in found.summary
    assert compare_evaluations(recorded("a", rows), recorded("b", rows)).unfair == []


def test_routes_of_the_same_name_in_another_town_are_others(recorded):
    rows = episodes()
    elsewhere = [replace(row, town="Town01") for row in rows]
    with pytest.raises(UnreadableLog, match="have no route in common"):
        compare_evaluations(recorded("a", rows), recorded("b", elsewhere))


def test_settings_that_are_not_recorded_are_not_taken_for_equal(recorded):
    rows = episodes()
    found = compare_evaluations(recorded("a", rows, settings={}), recorded("b", rows, settings={}))
    assert found.notes == [
        f"{name} does not record its settings, so traffic and time limit could not be compared" for name in "ab"
    ]


def test_drivers_that_were_not_trained_take_no_part_beside_those_that_were(recorded):
    rows = episodes(policies=("seed 0", "pursuit"))
    policies = [EvaluatedPolicy("seed 0", "outputs/a", 5), EvaluatedPolicy("pursuit", driver="pure_pursuit")]
    found = compare_evaluations(recorded("a", rows, policies=policies), recorded("b", rows))
    assert (found.a.policies, found.b.policies) == (["seed 0"], ["seed 0", "pursuit"])
    assert found.notes[1:] == ["a: left out are drivers that were not trained: pursuit"]
