"""The roads of a map, and where an episode may start and end on them."""

import math
from collections.abc import Sequence
from typing import Any

import carla
import numpy as np
from numpy.typing import NDArray

from av_td3.config.route_set import RouteSpec
from av_td3.env.route import Route
from av_td3.env.route_planner import LaneKey, NoRoute, RoutePlanner, lane_key
from av_td3.simulator.errors import SimulatorUnavailable

MAX_OFFSET = 20.0  # m between a position of a route file and the lane that it means


class TownRoads:
    """What an environment knows of a map.

    Args:
        carla_map: a ``carla.Map``.
        test_routes: on whose first and last lanes no drawn route starts or ends; those of other maps do not matter.

    Attributes:
        town: name of the map, without folders.
        planner: of its lanes.
        spawn_points: ``carla.Transform`` of each.
        starts: indices of the spawn points from which a route may be drawn.

    Raises:
        SimulatorUnavailable: the map has no spawn points, or all of them are on lanes of test routes.

    """

    def __init__(self, carla_map: Any, test_routes: Sequence[RouteSpec]):
        self._map = carla_map
        self.town = carla_map.name.rsplit("/", 1)[-1]
        self.planner = RoutePlanner(carla_map)
        self.spawn_points = carla_map.get_spawn_points()
        if not self.spawn_points:
            raise SimulatorUnavailable(f"the map {carla_map.name} has no spawn points: pick another with scenario.town")
        self._held_out = end_lanes(carla_map, [route for route in test_routes if route.town == self.town.removesuffix("_Opt")])
        lanes = [carla_map.get_waypoint(point.location) for point in self.spawn_points] if self._held_out else []
        free = [index for index, lane in enumerate(lanes) if lane is None or lane_key(lane) not in self._held_out]
        self.starts = free if self._held_out else list(range(len(self.spawn_points)))
        if not self.starts:
            raise SimulatorUnavailable(f"scenario.test_routes: all spawn points of {self.town} are on lanes of test routes")

    @property
    def lanes(self) -> list[NDArray[np.float64]]:
        """Centre lines of the lanes, each float64 (n, 2) in metres."""
        return self.planner.lanes

    def draw_route(self, start: Any, length: float, rng: np.random.Generator) -> Route:
        """A route to a random goal.

        Args:
            start: ``carla.Transform`` of the car.
            length: metres.
            rng: chooses the goal.

        Raises:
            SimulatorUnavailable: the map has no lanes.
            NoRoute: the road ends at the start.

        """
        waypoint = self._map.get_waypoint(start.location)
        if waypoint is None:
            raise SimulatorUnavailable(f"the map {self._map.name} has no lanes to drive on: pick another with scenario.town")
        return self.planner.plan(waypoint, length, rng, self._held_out)

    def places(self, route: RouteSpec) -> list[Any]:
        """The ``carla.Waypoint`` nearest to each position of a route.

        Raises:
            SimulatorUnavailable: the map has no lanes.
            NoRoute: a position is far from any.

        """
        found = []
        for position in route.positions:
            place, (x, y, _) = self._map.get_waypoint(carla.Location(*position)), position
            if place is None:
                raise SimulatorUnavailable(
                    f"the map {self._map.name} has no lanes to drive on: pick another with scenario.town"
                )
            location = place.transform.location
            if math.hypot(location.x - x, location.y - y) > MAX_OFFSET:
                raise NoRoute(f"route {route.id}: no lane of {self.town} within {MAX_OFFSET:g} m of ({x:.1f}, {y:.1f})")
            found.append(place)
        return found


def end_lanes(carla_map: Any, routes: Sequence[RouteSpec]) -> set[LaneKey]:
    """The first and the last lane of each route of a ``carla.Map``."""
    ends = [carla_map.get_waypoint(carla.Location(*route.positions[place])) for route in routes for place in (0, -1)]
    return {lane_key(place) for place in ends if place is not None}
