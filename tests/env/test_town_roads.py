"""Where drawn routes may start and end."""

from types import SimpleNamespace

import carla
import numpy as np
import pytest

from av_td3.config.route_set import RouteSpec, load_route_set
from av_td3.env.draw_routes import load_map
from av_td3.env.route_planner import RoutePlanner, lane_key
from av_td3.env.town_roads import TownRoads, end_lanes
from av_td3.simulator.builtin.town import load_town
from av_td3.simulator.errors import SimulatorUnavailable


def map_with_spawn_points(town, points=None):
    """The map as the client gets it from a server, which adds the spawn points."""
    carla_map = load_map(town)
    built = [carla.Transform(carla.Location(*at), carla.Rotation(*turned)) for at, turned in load_town(town).spawn_points]
    return SimpleNamespace(
        name=f"Carla/Maps/{town}",
        get_spawn_points=lambda: built if points is None else points,
        get_waypoint=carla_map.get_waypoint,
        get_topology=carla_map.get_topology,
        to_opendrive=carla_map.to_opendrive,
    )


def place(carla_map, point):
    return carla_map.get_waypoint(carla.Location(float(point[0]), float(point[1]), 0.0))


@pytest.mark.parametrize("length", [60.0, 200.0])
def test_training_never_starts_or_ends_on_the_first_or_last_lane_of_a_test_route(length):
    carla_map, tests = map_with_spawn_points("Suburb01"), load_route_set("suburb01_test").routes
    held_out = end_lanes(carla_map, tests)
    assert len(held_out) == 18
    roads = TownRoads(carla_map, tests)
    assert 0.6 * len(roads.spawn_points) < len(roads.starts) < len(roads.spawn_points)
    ends, lengths = set(), []
    for seed, index in enumerate(roads.starts * 3):
        route = roads.draw_route(roads.spawn_points[index], length, np.random.default_rng(seed))
        lengths.append(route.length)
        for end, inner in ((0, 1), (-1, -2)):  # a route may end where such a lane begins, but not on it
            assert lane_key(place(carla_map, 0.5 * (route.points[end] + route.points[inner]))) not in held_out
        ends.add(tuple(route.points[-1].round()))
    assert len(ends) > 50
    assert min(lengths) > 30.0
    assert np.mean(np.array(lengths) >= length) > 0.95


def test_without_test_routes_in_the_town_all_is_as_if_there_were_none():
    carla_map = map_with_spawn_points("Loop01")
    roads = TownRoads(carla_map, load_route_set("suburb01_test").routes)
    assert roads.town == "Loop01"
    assert roads.starts == list(range(len(roads.spawn_points)))
    start = roads.spawn_points[3]
    plain = RoutePlanner(carla_map).plan(carla_map.get_waypoint(start.location), 200.0, np.random.default_rng(5))
    np.testing.assert_array_equal(roads.draw_route(start, 200.0, np.random.default_rng(5)).points, plain.points)


def test_a_town_in_which_nothing_is_left_to_start_from_is_said():
    carla_map = map_with_spawn_points("Loop01")
    positions = [[at.location.x, at.location.y, at.location.z] for at in carla_map.get_spawn_points()]
    routes = [RouteSpec(id=str(n), town="Loop01", positions=[at, at], weather={}) for n, at in enumerate(positions)]
    with pytest.raises(SimulatorUnavailable, match=r"^scenario\.test_routes: all spawn points of Loop01 are on lanes of test"):
        TownRoads(carla_map, routes)
    with pytest.raises(SimulatorUnavailable, match="the map Carla/Maps/Loop01 has no spawn points: pick another with"):
        TownRoads(map_with_spawn_points("Loop01", points=[]), [])


def test_the_places_of_a_route_are_the_lanes_nearest_to_its_positions():
    carla_map, route = map_with_spawn_points("Suburb01"), load_route_set("suburb01_test").routes[0]
    found = TownRoads(carla_map, []).places(route)
    for waypoint, (x, y, _) in zip(found, route.positions, strict=True):
        assert waypoint.transform.location.distance(carla.Location(x, y, 0.0)) < 0.01
