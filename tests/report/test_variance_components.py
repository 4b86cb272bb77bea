import numpy as np
import pytest

from av_td3.report.evaluation_measures import DRIVING_SCORE
from av_td3.report.variance_components import split_variance

NEEDS_TWO = "not measured: it needs two policies and two routes"


def simulated(rng, policies, routes, repeats, sds):
    """Values whose components have these standard deviations: policy, route, policy by route, simulator."""
    policy, route, interaction, simulator = sds
    return (
        rng.normal(0.0, policy, (policies, 1, 1))
        + rng.normal(0.0, route, (1, routes, 1))
        + rng.normal(0.0, interaction, (policies, routes, 1))
        + rng.normal(0.0, simulator, (policies, routes, repeats))
    )


def variances(values):
    return {part.name: part.variance for part in split_variance(DRIVING_SCORE, values).components}


def test_known_variances_are_found():
    sds = (1.0, 2.0, 0.5, 1.5)
    rng = np.random.default_rng(0)
    found = [list(variances(simulated(rng, 8, 12, 3, sds)).values()) for _ in range(400)]
    assert np.mean(found, axis=0) == pytest.approx(np.square(sds), rel=0.1)  # unbiased


def test_a_table_computed_by_hand():
    values = np.array([[[1.0, 3.0], [5.0, 7.0]], [[2.0, 4.0], [10.0, 12.0]]])
    # Means of cells 2, 6, 3, 11; MS of policy 18, route 72, interaction 8, within 2.
    split = split_variance(DRIVING_SCORE, values)
    assert [part.variance for part in split.components] == pytest.approx([2.5, 16.0, 3.0, 2.0])
    assert [part.share for part in split.components] == pytest.approx(np.array([2.5, 16.0, 3.0, 2.0]) / 23.5)
    assert split.note == ""


def test_a_negative_estimate_is_shown_as_0_and_said_so():
    values = np.array([[[1.0, 9.0], [2.0, 8.0]], [[3.0, 7.0], [4.0, 6.0]]])  # cell means are equal
    split = split_variance(DRIVING_SCORE, values)
    assert [part.variance for part in split.components][:3] == [0.0, 0.0, 0.0]
    assert split.components[2].note == "negative estimate, shown as 0"
    assert split.components[3].share == 1.0


@pytest.mark.parametrize(
    ("shape", "notes"),
    [
        (
            (1, 4, 2),
            ["not measured: one policy", "contains policy by route", NEEDS_TWO, ""],
        ),
        (
            (3, 1, 2),
            ["contains policy by route", "not measured: one route", NEEDS_TWO, ""],
        ),
        ((3, 4, 1), ["", "", "contains simulator", "not measured: one repeat"]),
    ],
)
def test_a_factor_with_one_level_is_not_measured(shape, notes):
    values = simulated(np.random.default_rng(0), *shape, (1.0, 1.0, 1.0, 0.1)) * 10.0
    split = split_variance(DRIVING_SCORE, values)
    assert [part.note.removesuffix("negative estimate, shown as 0").removesuffix("; ") for part in split.components] == notes
    assert [part.variance is None for part in split.components] == ["not measured" in note for note in notes]
    assert sum(part.share or 0.0 for part in split.components) == pytest.approx(1.0)


def test_one_policy_on_routes_with_known_variances():
    rng = np.random.default_rng(0)
    found = [variances(simulated(rng, 1, 15, 3, (0.0, 2.0, 0.0, 1.0))) for _ in range(300)]
    assert np.mean([one["route"] for one in found]) == pytest.approx(4.0, rel=0.1)
    assert np.mean([one["simulator"] for one in found]) == pytest.approx(1.0, rel=0.1)


def test_routes_with_missing_values_are_left_out_and_named():
    values = simulated(np.random.default_rng(0), 3, 5, 2, (1.0, 1.0, 1.0, 1.0))
    gappy = values.copy()
    gappy[1, 4, 0] = np.nan
    split = split_variance(DRIVING_SCORE, gappy, list("abcde"))
    assert split.components == split_variance(DRIVING_SCORE, values[:, :4]).components
    assert split.note == "without 1 route(s) with a missing value: e"


def test_without_a_complete_route_the_split_is_refused_in_one_line():
    split = split_variance(DRIVING_SCORE, np.full((2, 3, 2), np.nan))
    assert split.components == []
    assert split.note == "not measured: there is no route on which every policy has every repeat"
