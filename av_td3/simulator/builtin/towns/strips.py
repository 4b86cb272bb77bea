"""What the ground of a town is drawn from: pavements, kerbs, asphalt and marks as polygons.

The order is that of drawing: asphalt over kerbs over pavements, so that neither crosses a lane, then the marks. What no strip
covers is grass, such as medians and islands.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from av_td3.simulator.builtin.towns.ground import Strip, Surface
from av_td3.simulator.builtin.towns.roads import Floats, Lane, Link, Mark, Road, Section, Shape

ASPHALT = frozenset({"driving", "shoulder", "stop", "entry", "exit", "onRamp", "offRamp", "parking", "bidirectional", "biking"})
PAVEMENT = frozenset({"sidewalk", "walking"})
KERBED = PAVEMENT | {"median", "curb"}  # kinds of lanes that begin with a kerb beside asphalt
KERB_WIDTH = 0.2  # m
MARK_WIDTH = 0.15  # m, where the document names none
KERB_CLEARANCE = 0.3  # m from a kerb to the middle of the mark beside it
DOUBLE_SPACING = 0.4  # m between the middles of the lines of a double mark
DASH, GAP = 3.0, 6.0  # m, broken marks
MAX_PIECE = 20.0  # m of the reference line beside a strip
SLOPE_STEP = 5.0  # m between the corners of a strip where height or width change
MAX_SAGITTA = 0.002  # m between a curve and the chords that stand for it
MIN_STEP = 0.5  # m

LAYERS = (Surface.SIDEWALK, Surface.KERB, Surface.ASPHALT, Surface.WHITE_MARK, Surface.YELLOW_MARK)


@dataclass(frozen=True)
class Band:
    """The part of a road between two lines: right and left edge, t at each ``s``."""

    surface: Surface
    s: Floats
    right: Floats
    left: Floats


def lay_strips(roads: list[Road]) -> tuple[Strip, ...]:
    """Strips of all roads, later ones over earlier ones, each at most ``MAX_PIECE`` long."""
    by_id = {road.id: road for road in roads}
    layers: dict[Surface, list[Strip]] = {surface: [] for surface in LAYERS}
    for road in roads:
        for section in road.sections:
            s = stations(road, section.start, section.end)
            edges = road.edges(section, s)
            for band in (
                *_paving(section, s, edges),
                *_junction_border(road, section, s, edges, by_id),
                *_marks(road, section),
            ):
                layers[band.surface] += _cut(road, band)
    return tuple(strip for surface in LAYERS for strip in layers[surface])


def stations(road: Road, start: float, end: float) -> Floats:
    """Where along a road its edges need corners, from ``start`` to ``end``."""
    varying = not road.elevation.constant or not road.lane_offset.constant
    varying |= any(not lane.width.constant for section in road.sections for lane in section.lanes)
    out, begin = [start], 0.0
    for shape in road.shapes:
        low, high = max(start, begin), min(end, begin + shape.length)
        begin += shape.length
        if high > low:
            out += np.linspace(low, high, math.ceil((high - low) / _step(shape, varying)) + 1)[1:].tolist()
    out[-1] = max(out[-1], end)
    return np.array(out)


def _step(shape: Shape, varying: bool) -> float:
    straight = SLOPE_STEP if varying else MAX_PIECE
    bend = max(abs(shape.curvature), abs(shape.end_curvature))
    return min(straight, max(MIN_STEP, math.sqrt(8.0 * MAX_SAGITTA / bend))) if bend else straight


def _paving(section: Section, s: Floats, edges: dict[int, tuple[Floats, Floats]]) -> Iterator[Band]:
    """Pavements, asphalt, and the kerbs between asphalt and what is raised beside it."""
    lanes = [lane for lane in section.lanes if lane.id != 0]  # from left to right
    for surface, alike in groupby(lanes, key=_surface_of):
        if surface is not None:
            run = [edges[lane.id] for lane in alike]
            yield Band(surface, s, np.minimum(*run[-1]), np.maximum(*run[0]))
    for left, right in pairwise(lanes):
        line = _left_edge(right, edges)
        if left.kind in KERBED and right.kind in ASPHALT:
            yield Band(Surface.KERB, s, line, line + KERB_WIDTH)
        elif left.kind in ASPHALT and right.kind in KERBED:
            yield Band(Surface.KERB, s, line - KERB_WIDTH, line)


def _surface_of(lane: Lane) -> Surface | None:
    if lane.kind in ASPHALT:
        return Surface.ASPHALT
    if lane.kind in PAVEMENT:
        return Surface.SIDEWALK
    return Surface.KERB if lane.kind == "curb" else None


def _left_edge(lane: Lane, edges: dict[int, tuple[Floats, Floats]]) -> Floats:
    inner, outer = edges[lane.id]
    return outer if lane.id > 0 else inner


def _junction_border(
    road: Road, section: Section, s: Floats, edges: dict[int, tuple[Floats, Floats]], roads: dict[int, Road]
) -> Iterator[Band]:
    """Kerbs along both edges of a road in a junction, and on its right the pavement of the roads that it joins.

    Documents have no such lanes there, as they would cross the lanes of other roads.
    """
    if road.junction < 0:
        return
    first, last = section.lanes[0], section.lanes[-1]  # from left to right
    if first.kind not in KERBED:
        left = edges[first.id][1]
        yield Band(Surface.KERB, s, left, left + KERB_WIDTH)
    if last.kind != "driving":
        return
    right = edges[last.id][1]
    yield Band(Surface.KERB, s, right - KERB_WIDTH, right)
    before = _pavement_beside(road.predecessor, last.predecessor, roads)
    after = _pavement_beside(road.successor, last.successor, roads)
    if before or after:
        width = before + (after - before) * (s - section.start) / (section.end - section.start)
        yield Band(Surface.SIDEWALK, s, right - width, right)


def _pavement_beside(link: Link | None, number: int | None, roads: dict[int, Road]) -> float:
    """Width of the pavement that borders a lane on its outer side, 0 where there is none."""
    if link is None or link.kind != "road" or number is None:
        return 0.0
    road = roads[link.id]
    section = road.section_at(link.contact)
    beside = section.lane(number + (1 if number > 0 else -1))
    if beside is None or beside.kind not in PAVEMENT:
        return 0.0
    return float(beside.width(np.float64(0.0 if link.contact == "start" else section.end - section.start)))


def _marks(road: Road, section: Section) -> Iterator[Band]:
    for lane in section.lanes:
        ends = [mark.start for mark in lane.marks[1:]] + [section.end - section.start]
        for mark, end in zip(lane.marks, ends, strict=True):
            shift = _clearance(section, lane)
            for number, word in enumerate(mark.kind.split()):
                if word in ("solid", "broken"):
                    offset = shift + _line_offset(mark, number)
                    yield from _painted(road, section, lane, mark, word == "broken", offset, section.start + end)


def _line_offset(mark: Mark, number: int) -> float:
    """How far outwards the first or second line of a double mark lies from its middle."""
    if " " not in mark.kind:
        return 0.0
    return DOUBLE_SPACING * (number - 0.5)


def _clearance(section: Section, lane: Lane) -> float:
    """How far outwards the mark on a lane's outer edge moves, away from a kerb that is there."""
    outside = section.lane(lane.id + (1 if lane.id > 0 else -1))
    inside = section.lane(1) if lane.id == 0 else lane
    if inside is None or outside is None:
        return 0.0
    if inside.kind in KERBED and outside.kind in ASPHALT:
        return KERB_CLEARANCE
    return -KERB_CLEARANCE if outside.kind in KERBED and inside.kind in ASPHALT else 0.0


def _painted(road: Road, section: Section, lane: Lane, mark: Mark, broken: bool, offset: float, end: float) -> Iterator[Band]:
    surface = Surface.YELLOW_MARK if mark.color == "yellow" else Surface.WHITE_MARK
    half = (mark.width or MARK_WIDTH) / 2.0
    start = section.start + mark.start
    lines = [(a, min(a + DASH, end)) for a in np.arange(start, end, DASH + GAP).tolist()] if broken else [(start, end)]
    for a, b in lines:
        s = stations(road, a, b)
        t = road.edges(section, s)[lane.id][1] + (offset if lane.id > 0 else -offset)
        yield Band(surface, s, t - half, t + half)


def _cut(road: Road, band: Band) -> Iterator[Strip]:
    """Polygons of a band, at most MAX_PIECE long."""
    left, right = side_line(road, band.s, band.left), side_line(road, band.s, band.right)
    first = 0
    for last in range(1, len(band.s)):
        if last + 1 == len(band.s) or band.s[last + 1] - band.s[first] > MAX_PIECE + 1e-6:
            outline = np.concatenate([left[first : last + 1], right[first : last + 1][::-1]])
            yield Strip(band.surface, outline.astype(np.float32))
            first = last


def side_line(road: Road, s: Floats, t: Floats) -> Floats:
    """Points ``(n, 2)`` in metres, CARLA's frame, at ``s`` along and ``t`` left of a road's reference line, both (n,)."""
    x, y, heading, _ = road.line(s).T
    return np.column_stack([x + t * np.sin(heading), y - t * np.cos(heading)])
