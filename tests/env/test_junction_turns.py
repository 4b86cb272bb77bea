import math
from types import SimpleNamespace

import carla
import numpy as np
import pytest

from av_td3.env.draw_routes import load_map
from av_td3.env.junction_turns import junction_turns
from av_td3.env.route_planner import RoutePlanner


@pytest.fixture(scope="module")
def town():
    carla_map = load_map("Suburb01")
    return carla_map, RoutePlanner(carla_map)


def turns(town, *places):
    carla_map, planner = town
    route = planner.plan_through([carla_map.get_waypoint(carla.Location(x, y, 0.0)) for x, y in places])
    return junction_turns(carla_map, route.points)


def test_turns_are_named_as_the_car_sees_them(town):
    # Heading along +x on the street at y = -258.25, then to the junction with the one at x = 150; y points to the right of x.
    assert turns(town, (122.0, -258.25), (148.25, -200.0)) == ["Right"]
    assert turns(town, (122.0, -258.25), (151.75, -346.0)) == ["Left"]
    assert turns(town, (122.0, -258.25), (200.0, -258.25)) == ["Straight"]


def test_a_route_without_a_junction_has_no_turns(town):
    assert turns(town, (110.0, -258.25), (130.0, -258.25)) == []
    loop = load_map("Loop01")
    start = loop.get_topology()[0][0]
    route = RoutePlanner(loop).plan(start, 400.0, np.random.default_rng(0))
    assert junction_turns(loop, route.points) == []


@pytest.mark.parametrize(("degrees", "turn"), [(25, "Straight"), (-25, "Straight"), (90, "Right"), (-90, "Left")])
def test_a_turn_is_a_change_of_direction_within_the_junction(degrees, turn):
    """A bend before it is none. The headings of a line of 1 m steps: a bend of 80 degrees, then the junction."""
    headings = np.radians(np.concatenate([np.linspace(0.0, 80.0, 20), np.full(5, 80.0), np.linspace(80.0, 80.0 + degrees, 10)]))
    headings = np.append(headings, [headings[-1]] * 5)
    points = np.cumsum(np.column_stack([np.cos(headings), np.sin(headings)]), axis=0)
    inside = [points[index].tolist() for index in range(24, 35)]

    class Map:
        def get_waypoint(self, location):
            near = min(math.dist((location.x, location.y), place) for place in inside)
            return SimpleNamespace(is_junction=near < 0.01)

    assert junction_turns(Map(), points) == [turn]
