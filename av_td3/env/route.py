"""Routes: planned over the map's topology, and followed as polylines."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

SPACING = 2.0  # m between the points of a route
MIN_STEP = 1e-3  # m, below which points are one: where two lanes meet, the client has both ends, in single precision
MIN_LENGTH = 0.1  # m, below which a route has no direction
SEARCH_BEHIND, SEARCH_AHEAD = 5.0, 15.0  # m of the route around the last position in which the next one is searched


class NoRoute(ValueError):
    """No route starts here: the road ends, and no other follows."""


LaneKey = tuple[int, int, int]  # road, section and lane ids


def lane_key(waypoint: Any) -> LaneKey:
    """The lane section of a waypoint."""
    return (waypoint.road_id, waypoint.section_id, waypoint.lane_id)


@dataclass(frozen=True)
class Place:
    """The car's position relative to its route.

    Attributes:
        travelled: metres along the route.
        lateral: metres to the right of the route.
        heading_error: radians, clockwise from the route's direction, in [-pi, pi).

    """

    travelled: float
    lateral: float
    heading_error: float


class Route:
    """A polyline in CARLA's frame.

    Args:
        points: float64 (n, 2), metres; repeated points are left out.
        lane_width: metres.

    """

    def __init__(self, points: NDArray[np.float64], lane_width: float):
        steps = np.diff(points, axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        keep = np.concatenate([[True], lengths > MIN_STEP])
        self.points = points[keep]
        self._steps = np.diff(self.points, axis=0)
        self._lengths = np.hypot(self._steps[:, 0], self._steps[:, 1])
        self._at = np.concatenate([[0.0], np.cumsum(self._lengths)])
        self.lane_width = lane_width

    @property
    def length(self) -> float:
        """Length in metres."""
        return float(self._at[-1])

    def locate(self, x: float, y: float, yaw: float, near: float) -> Place:
        """Project a pose onto the part of the route around ``near``.

        Args:
            x: metres.
            y: metres.
            yaw: radians, clockwise.
            near: last known position along the route, metres.

        """
        first = max(0, int(np.searchsorted(self._at, near - SEARCH_BEHIND, side="right")) - 1)
        last = min(len(self._steps), int(np.searchsorted(self._at, near + SEARCH_AHEAD)) + 1)
        steps, lengths = self._steps[first:last], self._lengths[first:last]
        offset = np.array([x, y]) - self.points[first:last]
        share = np.clip((offset * steps).sum(axis=1) / lengths**2, 0.0, 1.0)
        miss = offset - share[:, None] * steps
        best = int(np.argmin((miss**2).sum(axis=1)))
        along = steps[best] / lengths[best]
        lateral = along[0] * offset[best, 1] - along[1] * offset[best, 0]
        error = yaw - np.arctan2(along[1], along[0])
        wrapped = (error + np.pi) % (2.0 * np.pi) - np.pi
        return Place(float(self._at[first + best] + share[best] * lengths[best]), float(lateral), float(wrapped))

    def ahead(self, travelled: float, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points ahead; beyond its end the route is extended straight.

        Args:
            travelled: position along the route, metres.
            distances: float64 (n,), metres ahead of it.

        Returns:
            float64 (n, 2), metres.

        """
        at = travelled + distances
        out = np.stack([np.interp(at, self._at, self.points[:, i]) for i in (0, 1)], axis=1)
        beyond = np.maximum(0.0, at - self.length)[:, None]
        return np.asarray(out + beyond * self._steps[-1] / self._lengths[-1])


class RoutePlanner:
    """Plans shortest routes over the lanes of a map.

    Lanes are followed by ``next`` alone: ``next_until_lane_end`` of the 0.9.16 client raises ``RuntimeError: distance > 0.0``
    where one of its steps meets the end of the road exactly.

    Args:
        carla_map: a ``carla.Map``.

    """

    def __init__(self, carla_map: Any):
        roads = ET.fromstring(carla_map.to_opendrive()).iter("road")
        self._road_lengths = {int(road.attrib["id"]): float(road.attrib["length"]) for road in roads}
        topology = carla_map.get_topology()
        self._through_lanes = {lane_key(entry): entry for entry, _ in topology}
        entries = dict(self._through_lanes)
        for _, after in topology:
            entries.setdefault(lane_key(after), after)
        walked = {key: self._to_lane_end(entry) for key, entry in entries.items()}
        self._walked = {key: lane for key, lane in walked.items() if np.isfinite(_points(lane)).all()}
        self.lanes: list[NDArray[np.float64]] = [_points(lane) for lane in self._walked.values()]  # each (n, 2) in metres
        self._graph = nx.DiGraph()
        for key, lane in self._walked.items():
            self._add_lane(key, lane)

    def plan(self, start: Any, length: float, rng: np.random.Generator) -> Route:
        """Plan a route to a random goal.

        Args:
            start: a ``carla.Waypoint``.
            length: metres; where no goal is that far away, the route leads to the farthest point, even on a lane that ends.
            rng: chooses the goal.

        Raises:
            NoRoute: the road ends at the start.

        """
        key = lane_key(start)
        tail = self._to_lane_end(start)
        if key not in self._graph:  # the topology leaves out lanes without neighbours
            self._add_lane(key, tail)
        rest = _length(tail)
        reach = {key: 0.0}
        for lane, distance in nx.single_source_dijkstra_path_length(self._graph, key, weight="length").items():
            if lane != key:
                reach[lane] = distance - self._graph.nodes[key]["length"] + rest
        ends = {lane: reach[lane] + (rest if lane == key else self._graph.nodes[lane]["length"]) for lane in reach}
        goals = sorted(lane for lane in reach if lane in self._through_lanes and reach[lane] <= length < ends[lane])
        goal = goals[rng.integers(len(goals))] if goals else max(sorted(ends), key=lambda lane: ends[lane])
        waypoints = list(tail)
        for lane in nx.shortest_path(self._graph, key, goal, weight="length")[1:]:
            waypoints += self._walked[lane]
        points = _points(waypoints)
        at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        if not at[-1] >= MIN_LENGTH:  # also NaN
            x, y = points[0]
            raise NoRoute(
                f"no route from road {key[0]}, lane {key[2]}, s={start.s:.1f} m, at ({x:.1f}, {y:.1f}): the road ends there"
            )
        keep = max(2, int(np.searchsorted(at, length)) + 1)
        return Route(points[:keep], start.lane_width)

    def _add_lane(self, key: LaneKey, lane: list[Any]) -> None:
        length = _length(lane)
        self._graph.add_node(key, length=length)
        for following in lane[-1].next(SPACING):
            if lane_key(following) in self._walked and lane_key(following) != key:
                self._graph.add_edge(key, lane_key(following), length=length)

    def _to_lane_end(self, start: Any) -> list[Any]:
        """Waypoints from ``start`` on, every SPACING metres until the road forks or ends, and the one at its end."""
        lane = [start]
        while True:
            following = lane[-1].next(SPACING)
            if len(following) != 1 or following[0].road_id != start.road_id:
                break
            lane.append(following[0])
        here = lane[-1]
        rest = (self._road_lengths[here.road_id] - here.s if here.lane_id < 0 else here.s) - np.finfo(float).eps
        if rest > 0.0:
            lane += [end for end in here.next(rest)[:1] if end.road_id == here.road_id]
        return lane


def _points(waypoints: list[Any]) -> NDArray[np.float64]:
    return np.array([(w.transform.location.x, w.transform.location.y) for w in waypoints])


def _length(waypoints: list[Any]) -> float:
    return float(sum(a.transform.location.distance(b.transform.location) for a, b in pairwise(waypoints)))
