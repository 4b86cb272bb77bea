"""The way to drive: planned over the map's topology, then followed as a line of points."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

SPACING = 2.0  # m between the points of a route
LOOK_BEHIND, LOOK_AHEAD = 5.0, 15.0  # m of the route that are searched for the car's place after one step

LaneKey = tuple[int, int, int]  # road, lane section, lane: one stretch of one lane


def lane_key(waypoint: Any) -> LaneKey:
    """The stretch of lane that a waypoint lies on."""
    return (waypoint.road_id, waypoint.section_id, waypoint.lane_id)


@dataclass(frozen=True)
class Place:
    """Where the car is, seen from its route."""

    travelled: float  # m along the route
    lateral: float  # m right of the line
    heading_error: float  # rad, clockwise from the line's direction, in [-pi, pi)


class Route:
    """A line of points in CARLA's frame, ``float64 (n, 2)`` in metres, with ``lane_width`` in metres."""

    def __init__(self, points: NDArray[np.float64], lane_width: float):
        steps = np.diff(points, axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        keep = np.concatenate([[True], lengths > 1e-6])
        self.points = points[keep]
        self._steps = np.diff(self.points, axis=0)
        self._lengths = np.hypot(self._steps[:, 0], self._steps[:, 1])
        self._at = np.concatenate([[0.0], np.cumsum(self._lengths)])
        self.lane_width = lane_width

    @property
    def length(self) -> float:
        """Metres from start to goal."""
        return float(self._at[-1])

    def locate(self, x: float, y: float, yaw: float, near: float) -> Place:
        """Project a pose (m, rad clockwise) onto the part of the route around ``near`` metres."""
        first = max(0, int(np.searchsorted(self._at, near - LOOK_BEHIND, side="right")) - 1)
        last = min(len(self._steps), int(np.searchsorted(self._at, near + LOOK_AHEAD)) + 1)
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
        """Points ``(n, 2)`` so many metres ahead; beyond the goal the line goes straight on."""
        at = travelled + distances
        out = np.stack([np.interp(at, self._at, self.points[:, i]) for i in (0, 1)], axis=1)
        beyond = np.maximum(0.0, at - self.length)[:, None]
        return np.asarray(out + beyond * self._steps[-1] / self._lengths[-1])


class RoutePlanner:
    """Shortest ways over one map's lanes."""

    def __init__(self, carla_map: Any):
        self._map = carla_map
        self._graph = nx.DiGraph()
        self._entries = {lane_key(entry): entry for entry, _ in carla_map.get_topology()}
        self.lanes: list[NDArray[np.float64]] = []  # the centre line (n, 2) of each lane, in metres
        for key, entry in self._entries.items():
            lane = [entry, *entry.next_until_lane_end(SPACING)]
            length = _length(lane)
            self.lanes.append(_points(lane))
            self._graph.add_node(key, length=length)
            for following in lane[-1].next(SPACING):
                if lane_key(following) in self._entries and lane_key(following) != key:
                    self._graph.add_edge(key, lane_key(following), length=length)

    def plan(self, start: Any, length: float, rng: np.random.Generator) -> Route:
        """A shortest way of ``length`` metres from a waypoint to a goal drawn from all that lie so far away.

        On a map where nothing is so far away, the way to the farthest place.
        """
        key = lane_key(start)
        tail = [start, *start.next_until_lane_end(SPACING)]
        rest = _length(tail)
        reach = {key: 0.0}
        for lane, distance in nx.single_source_dijkstra_path_length(self._graph, key, weight="length").items():
            if lane != key:
                reach[lane] = distance - self._graph.nodes[key]["length"] + rest
        ends = {lane: reach[lane] + (rest if lane == key else self._graph.nodes[lane]["length"]) for lane in reach}
        goals = sorted(lane for lane in reach if reach[lane] <= length < ends[lane])
        goal = goals[rng.integers(len(goals))] if goals else max(sorted(ends), key=lambda lane: ends[lane])
        waypoints = list(tail)
        for lane in nx.shortest_path(self._graph, key, goal, weight="length")[1:]:
            entry = self._entries[lane]
            waypoints += [entry, *entry.next_until_lane_end(SPACING)]
        points = _points(waypoints)
        at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        keep = max(2, int(np.searchsorted(at, length)) + 1)
        return Route(points[:keep], start.lane_width)


def _points(waypoints: list[Any]) -> NDArray[np.float64]:
    return np.array([(w.transform.location.x, w.transform.location.y) for w in waypoints])


def _length(waypoints: list[Any]) -> float:
    return float(sum(a.transform.location.distance(b.transform.location) for a, b in pairwise(waypoints)))
