"""Routes through given places, on the maps of towns."""

import math

import carla
import numpy as np
import pytest

from av_td3.env.draw_routes import load_map
from av_td3.env.route_planner import NoRoute, RoutePlanner, lane_key
from tests.env.test_route_planner import map_of, road


@pytest.fixture(scope="module")
def town():
    carla_map = load_map("Suburb01")
    return carla_map, RoutePlanner(carla_map)


def at(carla_map, x, y):
    return carla_map.get_waypoint(carla.Location(x, y, 0.0))


def xy(waypoint):
    return waypoint.transform.location.x, waypoint.transform.location.y


def street(carla_map, min_length=100.0):
    """A place near the start of a long lane that is not in a junction."""
    for entry, _ in carla_map.get_topology():
        ahead = entry.next(min_length)
        if not entry.is_junction and len(ahead) == 1 and lane_key(ahead[0]) == lane_key(entry):
            return entry.next(5.0)[0]
    raise AssertionError("no long lane")


def assert_leads(route, start, goal):
    """It starts and ends there, without a jump or a sharp bend."""
    np.testing.assert_allclose(route.points[[0, -1]], [xy(start), xy(goal)], atol=0.01)
    steps = np.diff(route.points, axis=0)
    assert np.hypot(*steps.T).max() < 6.0
    assert np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))).max() < math.radians(45.0)


def misses(route, place):
    """Distance of the route from a place, m."""
    return np.hypot(*(route.points - xy(place)).T).min()


def test_a_goal_ahead_in_the_same_lane(town):
    carla_map, planner = town
    start = street(carla_map)
    goal = start.next(43.0)[0]
    route = planner.plan_through([start, goal])
    assert_leads(route, start, goal)
    assert route.length == pytest.approx(43.0, abs=0.5)
    assert route.lane_width == start.lane_width


def test_a_goal_behind_in_the_same_lane_is_reached_around_a_block(town):
    carla_map, planner = town
    goal = street(carla_map)
    start = goal.next(43.0)[0]
    route = planner.plan_through([start, goal])
    assert_leads(route, start, goal)
    assert 200.0 < route.length < 1000.0


def test_a_goal_beyond_junctions_is_reached_on_the_shortest_way(town):
    carla_map, planner = town
    start, goal = at(carla_map, 122.0, -258.25), at(carla_map, 148.25, -80.0)
    route = planner.plan_through([start, goal])
    assert_leads(route, start, goal)
    assert route.length == pytest.approx(200.0, abs=5.0)


def test_a_place_between_decides_the_way(town):
    carla_map, planner = town
    start, goal = at(carla_map, 122.0, -258.25), at(carla_map, 148.25, -80.0)
    direct = planner.plan_through([start, goal])
    between = at(carla_map, 298.25, -108.0)
    assert misses(direct, between) > 50.0
    route = planner.plan_through([start, between, goal])
    assert_leads(route, start, goal)
    assert misses(route, between) < 2.0
    assert route.length > direct.length


def test_a_place_in_a_junction_or_on_the_lane_of_the_other_direction_is_left_out(town):
    carla_map, planner = town
    start, goal = at(carla_map, 122.0, -258.25), at(carla_map, 148.25, -80.0)
    direct = planner.plan_through([start, goal])
    inside = next(entry for entry, _ in carla_map.get_topology() if entry.is_junction and misses(direct, entry) > 5.0)
    oncoming = at(carla_map, 151.75, -100.0)
    assert oncoming.lane_id * goal.lane_id < 0
    for between in (inside, oncoming):
        np.testing.assert_array_equal(planner.plan_through([start, between, goal]).points, direct.points)


def test_a_goal_on_a_neighbouring_lane_is_reached_beside_it():
    carla_map = load_map("Ring01")
    planner = RoutePlanner(carla_map)
    entries = [entry for entry, _ in carla_map.get_topology() if not entry.is_junction]
    inner = next(e for e in entries if (left := e.get_left_lane()) is not None and left.lane_id * e.lane_id > 0)
    start = inner.next(5.0)[0]
    goal = start.next(40.0)[0].get_left_lane()
    route = planner.plan_through([start, goal])
    assert route.length == pytest.approx(40.0, abs=3.0)
    assert 2.0 < math.dist(route.points[-1], xy(goal)) < 4.5
    assert max(misses(route, start.next(float(ahead))[0]) for ahead in range(5, 35, 5)) < 1.1  # it stays in its lane


def test_what_no_lane_leads_to_is_said():
    apart = map_of(road(1, 50.0, 0.0), road(2, 50.0, 500.0))
    start, goal = apart.get_waypoint_xodr(1, -1, 5.0), apart.get_waypoint_xodr(2, -1, 5.0)
    planner = RoutePlanner(apart)
    with pytest.raises(NoRoute, match=r"^no lanes lead from \(5\.0, 1\.7\) to \(505\.0, 1\.7\)$"):
        planner.plan_through([start, goal])
    with pytest.raises(NoRoute):
        planner.plan_through([start.next(20.0)[0], start])  # behind, and the road ends
