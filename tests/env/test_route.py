import math

import carla
import numpy as np
import pytest

from av_td3.env.route import Route, RoutePlanner
from av_td3.simulator.builtin.town import load_town


def straight():
    return Route(np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0], [20.0, 20.0]]), 3.5)


def test_a_place_beside_the_line():
    place = straight().locate(5.0, 1.0, math.radians(10.0), near=4.0)
    assert place.travelled == pytest.approx(5.0)
    assert place.lateral == pytest.approx(1.0)  # to the right: y points right of x
    assert place.heading_error == pytest.approx(math.radians(10.0))
    assert straight().locate(5.0, -1.0, 0.0, near=4.0).lateral == pytest.approx(-1.0)


def test_headings_wrap_around():
    place = straight().locate(20.0, 10.0, math.radians(-179.0), near=29.0)
    assert place.heading_error == pytest.approx(math.radians(91.0))


def test_a_crossing_later_on_does_not_attract_the_car():
    loop = Route(np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 30.0], [20.0, 30.0], [20.0, -10.0]]), 3.5)
    assert loop.locate(20.0, 0.0, 0.0, near=19.0).travelled == pytest.approx(20.0)
    assert loop.locate(20.0, 0.0, 0.0, near=119.0).travelled == pytest.approx(120.0)


def test_points_ahead_go_straight_on_beyond_the_goal():
    ahead = straight().ahead(35.0, np.array([0.0, 5.0, 15.0]))
    np.testing.assert_allclose(ahead, [[20.0, 15.0], [20.0, 20.0], [20.0, 30.0]])


@pytest.mark.parametrize(("town", "length"), [("Suburb01", 200.0), ("Suburb01", 600.0), ("Loop01", 200.0)])
def test_routes_have_the_chosen_length_and_stay_in_their_lanes(town, length):
    built = load_town(town)
    carla_map = carla.Map(town, built.opendrive)
    planner, rng = RoutePlanner(carla_map), np.random.default_rng(0)
    goals = set()
    for (x, y, z), _ in built.spawn_points[::9]:
        start = carla_map.get_waypoint(carla.Location(x, y, z))
        route = planner.plan(start, length, rng)
        assert length <= route.length < length + 6.0
        np.testing.assert_allclose(route.points[0], [start.transform.location.x, start.transform.location.y], atol=0.01)
        steps = np.diff(route.points, axis=0)
        assert np.hypot(*steps.T).max() < 6.0, "the line jumps"
        turns = np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))
        assert np.abs(turns).max() < math.radians(45.0)
        for px, py in route.points[::5]:
            lane = carla_map.get_waypoint(carla.Location(px, py, 0.0))
            assert lane.transform.location.distance(carla.Location(px, py, 0.0)) < 0.5
        goals.add(tuple(np.round(route.points[-1])))
    assert len(goals) > 3


def test_on_a_map_too_small_the_route_goes_as_far_as_it_can():
    built = load_town("Loop01")
    carla_map = carla.Map("Loop01", built.opendrive)
    (x, y, z), _ = built.spawn_points[0]
    route = RoutePlanner(carla_map).plan(carla_map.get_waypoint(carla.Location(x, y, z)), 5000.0, np.random.default_rng(0))
    assert 400.0 < route.length < 800.0


def test_a_planner_knows_the_lanes_of_the_whole_town():
    built = load_town("Loop01")
    carla_map = carla.Map("Loop01", built.opendrive)
    lanes = RoutePlanner(carla_map).lanes
    assert len(lanes) == len(carla_map.get_topology())
    for lane in lanes:
        assert lane.shape[1] == 2
        assert np.hypot(*np.diff(lane, axis=0).T).max() < 6.0
        x, y = lane[len(lane) // 2]
        waypoint = carla_map.get_waypoint(carla.Location(x, y, 0.0))
        assert waypoint.transform.location.distance(carla.Location(x, y, 0.0)) < 0.1
