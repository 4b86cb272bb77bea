"""The roads of a street plan: streets between crossings, curves, and junctions that join them.

Everything in this file is in OpenDRIVE's frame, with y to the left: s runs along a road's reference line, headings turn
counter-clockwise.
"""

import math
from dataclasses import dataclass, field

from av_td3.simulator.builtin.towns.plan import (
    BEND_ANGLE,
    BEND_RADIUS,
    CURVE_RADIUS,
    JUNCTION_RADIUS,
    S_BEND_LENGTH,
    Crossing,
    Plan,
    distance,
    reach,
    streets_of,
)

SPEED_LIMIT = 40.0  # km/h
APPROACH_LIMIT, APPROACH = 30.0, 15.0  # km/h on the last metres before a junction, and straight across it
TURN_LIMIT = 25.0  # km/h on turns in a junction
FIRST_JUNCTION_ID = 1000


@dataclass(frozen=True)
class Piece:
    """A segment of constant curvature: a line (0) or an arc (1/m, positive to the left)."""

    length: float
    curvature: float = 0.0


@dataclass(frozen=True)
class Contact:
    """One end of a road: ``at`` is "start" or "end"."""

    road: int
    at: str


@dataclass(frozen=True)
class JunctionContact:
    """A junction at the end of a road."""

    junction: int


@dataclass
class Road:
    """A two-way road, or inside a junction a one-lane road from one arm to another."""

    id: int
    x: float
    y: float
    heading: float
    pieces: list[Piece]
    speed_kmh: float
    junction: int = -1
    predecessor: Contact | JunctionContact | None = None
    successor: Contact | JunctionContact | None = None
    lane_from: int = -1  # junction roads: lane of the predecessor that leads in
    lane_to: int = -1  # junction roads: lane of the successor that leads out

    @property
    def length(self) -> float:
        """Length of the reference line in metres."""
        return sum(piece.length for piece in self.pieces)

    @property
    def speeds(self) -> list[tuple[float, float]]:
        """Speed limits as (s, km/h), each from its s on: lower beside junctions."""
        start = APPROACH if isinstance(self.predecessor, JunctionContact) else 0.0
        end = self.length - (APPROACH if isinstance(self.successor, JunctionContact) else 0.0)
        if start >= end:
            return [(0.0, APPROACH_LIMIT)]
        zones = [(0.0, start, APPROACH_LIMIT), (start, end, self.speed_kmh), (end, self.length, APPROACH_LIMIT)]
        return [(begin, limit) for begin, stop, limit in zones if begin < stop]


@dataclass
class Junction:
    """The connections of one junction: (incoming road, connecting road, lane in, lane out)."""

    id: int
    connections: list[tuple[int, int, int, int]] = field(default_factory=list)


def build_streets(plan: Plan) -> tuple[list[Road], list[Junction]]:
    """Create the streets between crossings, then join those that meet at each crossing."""
    ends = streets_of(plan)
    arms: dict[Crossing, list[tuple[float, Contact]]] = {node: [] for pair in ends for node in pair}
    for number, (a, b) in enumerate(ends, start=1):
        angle = math.atan2(b[1] - a[1], b[0] - a[0])
        arms[a].append((angle, Contact(number, "start")))
        arms[b].append((angle + math.pi, Contact(number, "end")))

    bends = {(a, b): side for a, b, side in plan.bends}
    roads = [
        _street(plan, n, a, b, reach(len(arms[a])), reach(len(arms[b])), bends.get((a, b), 0))
        for n, (a, b) in enumerate(ends, 1)
    ]
    junctions: list[Junction] = []
    for node, meeting in arms.items():
        x, y = node[0] * plan.width, node[1] * plan.depth
        if len(meeting) == 2:
            _join_corner(roads, x, y, meeting)
        else:
            junctions.append(_join_junction(roads, FIRST_JUNCTION_ID + len(junctions), x, y, meeting))
    return roads, junctions


def _street(plan: Plan, number: int, a: Crossing, b: Crossing, start: float, end: float, bend: int) -> Road:
    angle = math.atan2(b[1] - a[1], b[0] - a[0])
    x = a[0] * plan.width + start * math.cos(angle)
    y = a[1] * plan.depth + start * math.sin(angle)
    length = distance(plan, a, b) - start - end
    pieces = [Piece(length)]
    if bend:
        straight = (length - S_BEND_LENGTH) / 2.0
        arc, curvature = BEND_RADIUS * BEND_ANGLE, bend / BEND_RADIUS
        pieces = [Piece(straight), Piece(arc, curvature), Piece(2 * arc, -curvature), Piece(arc, curvature), Piece(straight)]
    return Road(number, x, y, angle, pieces, SPEED_LIMIT)


def _turn(angle_in: float, angle_out: float) -> float:
    """Angle (rad, left positive) of the turn from one arm of a crossing into another."""
    return (angle_out - angle_in) % (2.0 * math.pi) - math.pi


def _set_contact(roads: list[Road], contact: Contact, other: Contact | JunctionContact) -> None:
    road = roads[contact.road - 1]
    if contact.at == "start":
        road.predecessor = other
    else:
        road.successor = other


def _join_corner(roads: list[Road], x: float, y: float, meeting: list[tuple[float, Contact]]) -> None:
    (angle_a, a), (angle_b, b) = meeting
    turn = _turn(angle_a, angle_b)
    straight = abs(turn) < 1e-6
    length = 2.0 * CURVE_RADIUS if straight else CURVE_RADIUS * abs(turn)
    start = (x + CURVE_RADIUS * math.cos(angle_a), y + CURVE_RADIUS * math.sin(angle_a))
    number = len(roads) + 1
    roads.append(
        Road(
            number,
            *start,
            angle_a + math.pi,
            [Piece(length, 0.0 if straight else turn / length)],
            SPEED_LIMIT,
            predecessor=a,
            successor=b,
        )
    )
    _set_contact(roads, a, Contact(number, "start"))
    _set_contact(roads, b, Contact(number, "end"))


def _join_junction(roads: list[Road], junction_id: int, x: float, y: float, meeting: list[tuple[float, Contact]]) -> Junction:
    junction = Junction(junction_id)
    for _, arm in meeting:
        _set_contact(roads, arm, JunctionContact(junction_id))
    for angle_in, arm_in in meeting:
        for angle_out, arm_out in meeting:
            if arm_in == arm_out:
                continue
            turn = _turn(angle_in, angle_out)
            straight = abs(turn) < 1e-6
            length = 2.0 * JUNCTION_RADIUS if straight else JUNCTION_RADIUS * abs(turn)
            lane_in = -1 if arm_in.at == "end" else 1
            lane_out = -1 if arm_out.at == "start" else 1
            number = len(roads) + 1
            roads.append(
                Road(
                    number,
                    x + JUNCTION_RADIUS * math.cos(angle_in),
                    y + JUNCTION_RADIUS * math.sin(angle_in),
                    angle_in + math.pi,
                    [Piece(length, 0.0 if straight else turn / length)],
                    APPROACH_LIMIT if straight else TURN_LIMIT,
                    junction=junction_id,
                    predecessor=arm_in,
                    successor=arm_out,
                    lane_from=lane_in,
                    lane_to=lane_out,
                )
            )
            junction.connections.append((arm_in.road, number, lane_in, lane_out))
    return junction
