"""Lays out roads and junctions, and writes them as an OpenDRIVE 1.8 document with scenariogeneration.

Everything is in OpenDRIVE's frame, with y to the left of x; headings (rad) turn counter-clockwise.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from scenariogeneration import xodr

from av_td3.simulator.builtin.towns.lines import Bend, Pose, link, walk

PLACES = 9  # decimals of the numbers in the document
MARK_WIDTH = 0.15  # m
FIRST_CONNECTING_ROAD, FIRST_JUNCTION = 100, 1000
GEO_REFERENCE = "+proj=tmerc +lat_0=42.0 +lon_0=2.0 +k=1 +x_0=0 +y_0=0 +datum=WGS84"


@dataclass(frozen=True)
class Lane:
    """A lane: its kind, width (m), the mark on its outer edge, and its width at the end of the road (m) where it differs."""

    kind: str
    width: float
    mark: str = "none"
    color: str = "white"
    end_width: float | None = None

    @property
    def final_width(self) -> float:
        return self.width if self.end_width is None else self.end_width


@dataclass(frozen=True)
class Profile:
    """A cross-section: the mark in the middle, and the lanes on both sides, from the middle outwards."""

    right: Sequence[Lane]
    left: Sequence[Lane] = ()
    mark: str = "none"
    color: str = "white"


class End(NamedTuple):
    """The end of a road, "start" or "end"."""

    road: int
    at: str


class Network:
    """Roads and junctions.

    Args:
        name: name of the town.

    """

    def __init__(self, name: str):
        self._document = xodr.OpenDrive(name, revMinor="8", geo_reference=GEO_REFERENCE)
        self._profiles: dict[int, Profile] = {}
        self._ends: dict[End, Pose] = {}
        self._roads: dict[int, xodr.Road] = {}
        self._connecting, self._junctions = 0, 0

    def road(
        self,
        start: Pose,
        bends: Sequence[Bend],
        profile: Profile,
        speed_kmh: int,
        heights: Sequence[tuple[float, float]] = (),
    ) -> int:
        """Add a road.

        Args:
            start: where its reference line begins.
            bends: its reference line.
            profile: its lanes.
            speed_kmh: speed limit.
            heights: (s, height), m: level before the first and behind the last, smooth steps with level ends in between.

        Returns:
            Its id.

        """
        return self._add(len(self._profiles) + 1, start, bends, profile, speed_kmh, heights, -1)

    def pose(self, end: End) -> Pose:
        """The end of a road's reference line, in its direction."""
        return self._ends[end]

    def junction(self, ends: Sequence[End], moves: "Sequence[Move]", speed_kmh: int) -> None:
        """Join the ends of roads by a junction with a connecting road for each move."""
        junction = xodr.Junction(f"junction {self._junctions}", FIRST_JUNCTION + self._junctions)
        self._junctions += 1
        for end in ends:
            add = self._roads[end.road].add_predecessor if end.at == "start" else self._roads[end.road].add_successor
            add(xodr.ElementType.junction, junction.id)
        for move in moves:
            junction.add_connection(self._connect(junction.id, move, speed_kmh))
        self._document.add_junction(junction)

    def text(self) -> str:
        """The OpenDRIVE document."""
        root = self._document.get_element()
        root.find("header").set("date", "2025-01-01T00:00:00")
        for element in root.iter():
            for key, value in element.attrib.items():
                if "." in value and key != "date":
                    element.set(key, repr(round(float(value), PLACES) + 0.0))
        ET.indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"

    def _connect(self, junction: int, move: "Move", speed_kmh: int) -> xodr.Connection:
        lane_in, lane_out = self._lane(move.entry, move.lane_in), self._lane(move.exit, move.lane_out)
        start = self.left_border(move.entry, move.lane_in)
        end = self.left_border(move.exit, move.lane_out).turned()
        width, end_width = self._width(move.entry, lane_in), self._width(move.exit, lane_out)
        profile = Profile((Lane("driving", width, end_width=end_width), *move.right), move.left)
        number = FIRST_CONNECTING_ROAD + self._connecting
        self._connecting += 1
        self._add(number, start, move.bends or link(start, end), profile, speed_kmh, (), junction)
        road = self._roads[number]
        for add, contact in ((road.add_predecessor, move.entry), (road.add_successor, move.exit)):
            add(xodr.ElementType.road, contact.road, xodr.ContactPoint[contact.at])
        lane = road.lanes.lanesections[0].rightlanes[0]
        lane.add_link("predecessor", move.lane_in)
        lane.add_link("successor", move.lane_out)
        connection = xodr.Connection(move.entry.road, number, xodr.ContactPoint.start)
        connection.add_lanelink(move.lane_in, -1)
        return connection

    def _lane(self, end: End, lane: int) -> Lane:
        profile = self._profiles[end.road]
        return profile.left[lane - 1] if lane > 0 else profile.right[-lane - 1]

    @staticmethod
    def _width(end: End, lane: Lane) -> float:
        return lane.width if end.at == "start" else lane.final_width

    def left_border(self, end: End, lane: int) -> Pose:
        """The border of a lane that is on the left of who leaves its road by this end."""
        profile = self._profiles[end.road]
        inside = (profile.left if lane > 0 else profile.right)[: abs(lane) - 1]
        t = math.copysign(sum(self._width(end, other) for other in inside), lane)
        pose = self._ends[end].beside(t)
        return pose if end.at == "end" else pose.turned()

    def _add(
        self,
        number: int,
        start: Pose,
        bends: Sequence[Bend],
        profile: Profile,
        speed_kmh: int,
        heights: Sequence[tuple[float, float]],
        junction: int,
    ) -> int:
        plan, pose = xodr.PlanView(), start
        for bend in bends:
            plan.add_fixed_geometry(_geometry(bend), *pose)
            pose = walk(pose, [bend])
        length = sum(bend.length for bend in bends)
        section = xodr.LaneSection(0.0, _marked(xodr.Lane(), profile.mark, profile.color))
        for lanes, add in ((profile.left, section.add_left_lane), (profile.right, section.add_right_lane)):
            for lane in lanes:
                grow = (lane.final_width - lane.width) / length
                add(_marked(xodr.Lane(xodr.LaneType[lane.kind], lane.width, grow), lane.mark, lane.color))
        road = xodr.Road(number, plan, xodr.Lanes().add_lanesection(section), junction, name=f"road {number}")
        road.add_type(xodr.RoadType.town, 0.0, speed=speed_kmh, speed_unit="km/h")
        for row in _elevation(heights):
            road.add_elevation(*row)
        self._document.add_road(road)
        self._roads[number] = road
        if junction < 0:
            self._profiles[number] = profile
        self._ends[End(number, "start")], self._ends[End(number, "end")] = start, pose
        return number


class Move(NamedTuple):
    """A way through a junction, from a lane at the end of one road into a lane at the end of another.

    ``bends`` is its line, else a curve is found; ``right`` and ``left`` are lanes beside the lane that is driven on.
    """

    entry: End
    lane_in: int
    exit: End
    lane_out: int
    bends: Sequence[Bend] = ()
    right: Sequence[Lane] = ()
    left: Sequence[Lane] = ()


def outbound(end: End, lane: int) -> int:
    """The id of a lane, counted from the middle, that leads out of a road by one of its ends."""
    return -lane if end.at == "end" else lane


def _geometry(bend: Bend) -> xodr.Line | xodr.Arc | xodr.Spiral:
    if bend.start != bend.end:
        return xodr.Spiral(bend.start, bend.end, length=bend.length)
    return xodr.Arc(bend.start, length=bend.length) if bend.start else xodr.Line(bend.length)


def _marked(lane: xodr.Lane, kind: str, color: str) -> xodr.Lane:
    change = xodr.LaneChange.both if kind == "broken" else xodr.LaneChange.none
    width = MARK_WIDTH if kind != "none" else None
    mark = xodr.RoadMarkType[kind.replace(" ", "_")]
    lane.add_roadmark(xodr.RoadMark(mark, width, color=xodr.RoadMarkColor[color], laneChange=change))
    return lane


def _elevation(heights: Sequence[tuple[float, float]]) -> list[tuple[float, float, float, float, float]]:
    """Rows (s, a, b, c, d) of cubics that begin and end level."""
    if not heights:
        return [(0.0, 0.0, 0.0, 0.0, 0.0)]
    rows = [(0.0, heights[0][1], 0.0, 0.0, 0.0)]
    for (s, low), (end, high) in pairwise(heights):
        rise, run = high - low, end - s
        rows.append((s, low, 0.0, 3.0 * rise / run**2, -2.0 * rise / run**3))
    rows.append((heights[-1][0], heights[-1][1], 0.0, 0.0, 0.0))
    return rows
