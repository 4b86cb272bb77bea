"""Plans routes over the lanes of a map."""

import xml.etree.ElementTree as ET
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import carla
import networkx as nx
import numpy as np
from numpy.typing import NDArray

from av_td3.env.route import Route

SPACING = 2.0  # m between the points of a route
MIN_LENGTH = 0.1  # m, below which a route has no direction
MAX_DETOUR = 3.0  # length of a way over its air line from which on a position that it passes counts as put on a wrong lane


class NoRoute(ValueError):
    """No route starts here, because the road ends and no other follows, or none leads to a place."""


LaneKey = tuple[int, int, int]  # road, section and lane ids


def lane_key(waypoint: Any) -> LaneKey:
    """The lane section of a waypoint."""
    return (waypoint.road_id, waypoint.section_id, waypoint.lane_id)


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

    def plan(self, start: Any, length: float, rng: np.random.Generator, avoid: Collection[LaneKey] = ()) -> Route:
        """Plan a route to a random goal.

        Args:
            start: a ``carla.Waypoint``.
            length: metres; where no goal is that far away, the route leads to the farthest point, even on a lane that ends.
            rng: chooses the goal.
            avoid: lanes on which the route must not end; it is shorter where it would be cut off on one of them.

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
        allowed = [lane for lane in reach if lane not in avoid]
        if not allowed:
            raise NoRoute("every lane that can be reached from the start is to be avoided")
        goals = sorted(lane for lane in allowed if lane in self._through_lanes and reach[lane] <= length < ends[lane])
        # What is farther than the length is only reached by way of a lane to avoid: the route would be cut off there.
        within = ([lane for lane in allowed if ends[lane] <= length] if avoid else []) or allowed
        goal = goals[rng.integers(len(goals))] if goals else max(sorted(within), key=lambda lane: ends[lane])
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

    def plan_through(self, places: Sequence[Any]) -> Route:
        """Plan the shortest route from the first place to the last by way of the others.

        A place between that lies in a junction, where lanes overlap, or that only a detour reaches, is left out: it was matched
        to a wrong lane. Where a place cannot be reached, one on a neighbouring lane of its direction is taken, because routes
        do not change lanes.

        Args:
            places: two or more ``carla.Waypoint``.

        Raises:
            NoRoute: no lanes lead there.

        """
        driven = [places[0]]
        for place in places[1:-1]:
            leg = None if place.is_junction else self._leg(driven[-1], place)
            if leg is not None and _length([driven[-1], *leg]) <= MAX_DETOUR * _distance(driven[-1], place):
                driven += leg
        leg = self._leg(driven[-1], places[-1])
        if leg is None:
            (from_x, from_y), (x, y) = _points([places[0], places[-1]])
            raise NoRoute(f"no lanes lead from ({from_x:.1f}, {from_y:.1f}) to ({x:.1f}, {y:.1f})")
        return Route(_points(driven + leg), places[0].lane_width)

    def _leg(self, start: Any, end: Any) -> list[Any] | None:
        """Waypoints after ``start`` up to ``end``, or to beside it on a neighbouring lane; None where no lanes lead there."""
        legs = [leg for place in (end, *_beside(end)) if (leg := self._lanes_to(start, place)) is not None]
        return legs[0] if legs else None

    def _lanes_to(self, start: Any, end: Any) -> list[Any] | None:
        first, last = lane_key(start), lane_key(end)
        tail = self._to_lane_end(start)
        if first == last and _is_before(start, end):
            return _until(tail, end)[1:]
        if last not in self._walked:
            return None
        if first not in self._graph:
            self._add_lane(first, tail)
        ways = []
        for following in sorted(self._graph.successors(first)):
            if nx.has_path(self._graph, following, last):
                ways.append(nx.shortest_path(self._graph, following, last, weight="length"))
        if not ways:
            return None
        between = min(ways, key=lambda way: sum(self._graph.nodes[lane]["length"] for lane in way[:-1]))[:-1]
        return [*tail[1:], *(point for lane in between for point in self._walked[lane]), *_until(self._walked[last], end)]

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


def _distance(a: Any, b: Any) -> float:
    return float(a.transform.location.distance(b.transform.location))


def _is_before(first: Any, second: Any) -> bool:
    """Whether a waypoint comes before another of its lane; lanes with a positive id run against their road."""
    return bool(first.s < second.s if first.lane_id < 0 else first.s > second.s)


def _until(lane: list[Any], end: Any) -> list[Any]:
    """The waypoints of a lane before one of it, and that one."""
    return [*(point for point in lane if _is_before(point, end)), end]


def _beside(place: Any) -> list[Any]:
    """The waypoints beside one, on the lanes of its direction, the nearest first."""
    found = []
    for step in ("get_left_lane", "get_right_lane"):
        lane = getattr(place, step)()
        while lane is not None and lane.lane_type == carla.LaneType.Driving and lane.lane_id * place.lane_id > 0:
            found.append(lane)
            lane = getattr(lane, step)()
    return sorted(found, key=lambda lane: _distance(lane, place))
