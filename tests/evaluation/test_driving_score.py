import pytest

from av_td3.evaluation.driving_score import driving_score


@pytest.mark.parametrize(
    ("hits", "factor"),
    [
        ([], 1.0),
        (["walker.pedestrian.0001"], 0.5),
        (["vehicle.audi.tt"], 0.6),
        (["static"], 0.65),
        (["static.building"], 0.65),
        (["traffic.speed_limit.30"], 0.65),
        (["vehicle.audi.tt", "vehicle.bmw.isetta", "static"], 0.6 * 0.6 * 0.65),
    ],
)
def test_each_collision_multiplies_by_the_penalty_of_its_kind(hits, factor):
    assert driving_score(1.0, 0.0, hits) == pytest.approx(factor)
    assert driving_score(0.5, 0.0, hits) == pytest.approx(0.5 * factor)


def test_what_was_driven_off_the_lanes_does_not_count_as_completed():
    assert driving_score(0.8, 0.25, []) == pytest.approx(0.6)
    assert driving_score(0.8, 1.0, []) == 0.0
    assert driving_score(0.0, 0.0, ["static"]) == 0.0
