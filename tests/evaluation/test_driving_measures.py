"""The measures of episodes whose steps are made up, so that the answers are known."""

import math

import pytest

from av_td3.evaluation.driving_measures import DrivingMeasures, failed_columns
from av_td3.runs.evaluated_episodes import COLUMNS
from tests.evaluation.cars import car, cars, info

END = {"ending": "time_limit", "success": False, "route_completion": 0.5}


def measured(*steps, start=None, target_speed=None, delta=0.1):
    """The columns after these steps, of which the last one gets an ending."""
    measures = DrivingMeasures(delta, target_speed)
    measures.begin(info(**(start or {})))
    for index, step in enumerate(steps):
        measures.add(1.5, info(**step) | (END if index == len(steps) - 1 else {}))
    return measures.columns()


def test_all_columns_but_those_that_identify_the_episode_are_measured():
    known = {"policy", "route", "repeat", "town", "weather", "route_length", "simulator_losses"}
    assert measured({}).keys() == failed_columns().keys() == set(COLUMNS) - known


def test_outcome_distance_and_speed():
    found = measured({"speed": 10.0}, {"speed": 10.0}, {"speed": -4.0}, start={"speed": 10.0}, target_speed=8.0)
    assert (found["ending"], found["success"], found["route_completion"]) == ("time_limit", 0, 0.5)
    assert (found["steps"], found["reward"]) == (3, 4.5)
    assert found["distance"] == pytest.approx(2.4)  # backwards counts, too
    assert found["mean_speed"] == pytest.approx(16.0 / 3.0)
    assert found["speed_error"] == pytest.approx((2.0 + 2.0 + 12.0) / 3.0)
    assert measured({})["speed_error"] is None


def test_deviation_from_the_route():
    found = measured({"lateral": 0.3, "heading_error": 0.1}, {"lateral": -0.4, "heading_error": -0.1})
    assert found["lateral_rms"] == pytest.approx(math.sqrt((0.09 + 0.16) / 2.0))
    assert found["heading_rms"] == pytest.approx(math.degrees(0.1))


def test_jerk_is_the_second_difference_of_the_speed():
    braking = [{"speed": 10.0 - 0.3 * n} for n in range(1, 6)]  # at a constant 3 m/s2
    assert measured(*braking, start={"speed": 10.0})["jerk_rms"] == pytest.approx(0.0, abs=1e-9)
    sudden = [{"speed": 10.0}, {"speed": 9.5}]  # 0, then -5 m/s2 within 0.1 s
    assert measured(*sudden, start={"speed": 10.0})["jerk_rms"] == pytest.approx(50.0)
    assert measured({"speed": 1.0})["jerk_rms"] is None  # one difference has no jerk


def test_lateral_acceleration_is_speed_times_yaw_rate_also_across_half_a_turn():
    found = measured({"speed": 10.0, "yaw": -179.0}, {"speed": 5.0, "yaw": -175.0}, start={"yaw": 179.0})
    assert found["lateral_acceleration_max"] == pytest.approx(10.0 * math.radians(2.0) / 0.1)
    reverse = measured({"speed": 5.0, "yaw": -4.0}, start={"yaw": 0.0})
    assert reverse["lateral_acceleration_max"] == pytest.approx(5.0 * math.radians(4.0) / 0.1)


def test_a_lane_invasion_is_counted_when_it_begins_and_is_per_kilometre():
    over = [False, True, True, False, True, False]
    found = measured(*[{"speed": 20.0, "over_the_line": one} for one in over])  # 12 m
    assert found["lane_invasions_per_km"] == pytest.approx(2.0 / 0.012)
    assert measured({"speed": 5.0, "over_the_line": True})["lane_invasions_per_km"] is None  # half a metre says nothing


def test_the_share_outside_the_lanes_is_of_the_distance():
    found = measured({"speed": 30.0}, {"speed": 10.0, "on_road": False})
    assert found["outside_lane_share"] == pytest.approx(0.25)
    assert found["driving_score"] == pytest.approx(0.5 * 0.75)
    assert measured({"on_road": False})["outside_lane_share"] == 0.0  # it has not moved


def test_a_contact_is_one_collision_however_long_it_lasts():
    hits = [None, "vehicle.audi.tt", "vehicle.audi.tt", None, "static", "static"]
    found = measured(*[{"speed": 1.0, "collided_with": hit} for hit in hits])
    assert found["collisions"] == 2
    assert found["driving_score"] == pytest.approx(0.5 * 0.6 * 0.65)


def test_the_least_time_to_collision_counts_and_none_is_not_measured():
    ahead = {"others": cars(car(24.8))}
    found = measured({"speed": 5.0} | ahead, {"speed": 10.0} | ahead, {"speed": 1.0} | ahead)
    assert found["min_time_to_collision"] == pytest.approx(2.0)
    assert measured({"speed": 5.0, "others": cars(car(-24.8))})["min_time_to_collision"] is None
    along_y = {"speed": 10.0, "yaw": 90.0, "position": (3.0, -24.8), "others": cars(car(3.0, 0.0, yaw=90.0))}
    assert measured(along_y)["min_time_to_collision"] == pytest.approx(2.0)


def test_a_failed_episode_is_a_row_of_zeros():
    found = failed_columns()
    counted = {"ending": "failed", "success": 0, "route_completion": 0.0, "driving_score": 0.0, "steps": 0}
    assert {name: found[name] for name in counted} == counted
    assert all(value is None for name, value in found.items() if name not in counted)
