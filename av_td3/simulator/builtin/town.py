"""Procedural towns: a grid of two-lane streets with curves, bends, T and cross junctions, and buildings beside them."""

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from zlib import crc32

import numpy as np

from av_td3.config.plugins import PluginError, load
from av_td3.simulator.builtin.geometry import penetration, rectangle
from av_td3.simulator.builtin.ground import Ground, draw_ground
from av_td3.simulator.builtin.opendrive import (
    LANE_WIDTH,
    SIDEWALK_WIDTH,
    Contact,
    Junction,
    JunctionContact,
    Piece,
    Road,
    to_xml,
)

JUNCTION_RADIUS = 12.0  # m from a junction's centre to where its arms begin
CURVE_RADIUS = 28.0  # m, streets that turn a corner
BEND_RADIUS, BEND_ANGLE = 45.0, math.radians(25.0)  # the S-bends inside a street
S_BEND_LENGTH = 4.0 * BEND_RADIUS * math.sin(BEND_ANGLE)  # m
SPEED_LIMIT = 40.0  # km/h
SPAWN_SPACING = 22.0  # m between spawn points of one lane
FIRST_JUNCTION_ID = 1000
GROUP = "av_td3.towns"  # of the entry points by which other packages add towns: the name of a town, and its Plan

Crossing = tuple[int, int]  # column, row
Street = tuple[Crossing, Crossing]


@dataclass(frozen=True)
class Building:
    """A box on the ground: centre (m), yaw (degrees), half sizes and height (m), colour."""

    x: float
    y: float
    yaw: float
    half_length: float
    half_width: float
    height: float
    color: tuple[int, int, int]  # blue, green, red


@dataclass(frozen=True)
class Tree:
    """A tree: foot of the trunk (m), height and radius of the crown (m)."""

    x: float
    y: float
    height: float
    radius: float


@dataclass(frozen=True)
class Lamp:
    """A street lamp: foot of the pole (m), the direction in which its arm reaches (degrees), height (m)."""

    x: float
    y: float
    yaw: float
    height: float


@dataclass(frozen=True)
class Town:
    """The static part of a world."""

    name: str
    opendrive: str
    spawn_points: list[list[list[float]]]  # [[x, y, z], [pitch, yaw, roll]] in CARLA's frame
    ground: Ground
    buildings: list[Building]
    speed_limit_kmh: float = SPEED_LIMIT
    trees: tuple[Tree, ...] = ()
    lamps: tuple[Lamp, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The street plan: crossings in columns and rows, and a street from each to the next one in its row and in its column.

    A crossing is a (column, row), both from 0. A street is named by its two crossings, the smaller column or row first.

    Args:
        columns: number of them, 2 or more.
        rows: number of them, 2 or more.
        width: m between columns.
        depth: m between rows.
        missing: streets that are left out.
        bends: streets with an S-bend, as (crossing, crossing, side) with the side +1 to the left first, -1 to the right.

    """

    columns: int
    rows: int
    width: float
    depth: float
    missing: frozenset[Street] = frozenset()
    bends: tuple[tuple[Crossing, Crossing, int], ...] = ()


PLANS = {
    # 3.4 km of streets: 4 curved corners, T junctions along the rim and where a street is missing, crosses inside.
    "Suburb01": Plan(
        columns=5,
        rows=4,
        width=150.0,
        depth=130.0,
        missing=frozenset({((1, 1), (2, 1)), ((3, 1), (3, 2))}),
        bends=(((1, 0), (2, 0), 1), ((0, 1), (0, 2), 1), ((2, 2), (3, 2), -1), ((4, 1), (4, 2), -1), ((2, 3), (3, 3), -1)),
    ),
    # 0.75 km without a junction: straights, curves and one bend. Quick to load, easy to drive.
    "Loop01": Plan(columns=2, rows=2, width=240.0, depth=160.0, bends=(((0, 0), (1, 0), 1),)),
}


TRUNK, POLE = 0.25, 0.1  # m, half the thickness of a tree's trunk and a lamp's pole


def obstacle_outlines(town: Town) -> list[tuple[float, float, float, float, float]]:
    """What cars collide with: x, y, yaw (degrees), half length and half width of each."""
    buildings = [(b.x, b.y, b.yaw, b.half_length, b.half_width) for b in town.buildings]
    posts = [(tree.x, tree.y, TRUNK) for tree in town.trees] + [(lamp.x, lamp.y, POLE) for lamp in town.lamps]
    return buildings + [(x, y, 0.0, half, half) for x, y, half in posts]


def town_names() -> list[str]:
    """Our own towns, then those of other packages, of which nothing is imported."""
    return [*PLANS, *sorted(entry_points(group=GROUP).names - PLANS.keys())]


def available_towns() -> list[str]:
    """Names of all towns in CARLA's form, ``/Game/Carla/Maps/...``."""
    return [f"/Game/Carla/Maps/{name}" for name in town_names()]


def find_plan(name: str) -> Plan:
    """The plan of a town by its short name; our own towns come before those of other packages.

    Raises:
        KeyError: there is no such town.
        PluginError: another package's entry point cannot be imported, or is no Plan of which a town can be built.

    """
    if name in PLANS:
        return PLANS[name]
    for entry_point in entry_points(group=GROUP, name=name):
        plan = load(entry_point)
        if not isinstance(plan, Plan):
            raise PluginError(entry_point, f"must be an object of {Plan.__module__}.{Plan.__qualname__}")
        try:
            _check(plan)
        except (ValueError, TypeError) as error:
            raise PluginError(entry_point, f"cannot be built: {error}") from error
        return plan
    raise KeyError(name)


def _check(plan: Plan) -> None:
    """Raise ValueError for a plan of which no town can be built."""
    bends = Counter((a, b) for a, b, _ in plan.bends)
    for a, b, side in plan.bends:
        if side not in (-1, 1):
            raise ValueError(f"the side of the bend in the street {(a, b)} is {side}; it must be +1 or -1")
        if bends[a, b] > 1:
            raise ValueError(f"the street {(a, b)} has {bends[a, b]} bends; it can have one")
    for street in (*plan.missing, *bends):
        if street not in _all_streets(plan):
            raise ValueError(f"there is no street {street}; it leads to the next crossing of a larger column or row")
    meeting = Counter(crossing for street in _streets_of(plan) for crossing in street)
    if not meeting:
        raise ValueError("it has no streets")
    for crossing, streets in meeting.items():
        if streets == 1:
            raise ValueError(f"the crossing {crossing} is a dead end; two streets or more must meet there, or none")
    for a, b in _streets_of(plan):
        room = _distance(plan, a, b) - _reach(meeting[a]) - _reach(meeting[b])
        needed = S_BEND_LENGTH if (a, b) in bends else 0.0
        if not room > needed:
            raise ValueError(f"the street {(a, b)} is {needed - room:.1f} m too short; set a larger width or depth")


@cache
def load_town(name: str) -> Town:
    """Build a town.

    Args:
        name: short name, such as ``Suburb01``.

    Raises:
        KeyError: there is no such town.
        PluginError: it is another package's, and cannot be loaded.

    """
    plan = find_plan(name)
    seed = crc32(name.encode())
    roads, junctions = _streets(plan)
    ground = draw_ground(roads, seed)
    return Town(
        name=f"Carla/Maps/{name}",
        opendrive=to_xml(name, roads, junctions),
        spawn_points=_spawn_points(roads),
        ground=ground,
        buildings=_buildings(roads, ground, seed),
    )


def _streets(plan: Plan) -> tuple[list[Road], list[Junction]]:
    """Create the streets between crossings, then join those that meet at each crossing."""
    ends = _streets_of(plan)
    arms: dict[Crossing, list[tuple[float, Contact]]] = {node: [] for pair in ends for node in pair}
    for number, (a, b) in enumerate(ends, start=1):
        angle = math.atan2(b[1] - a[1], b[0] - a[0])
        arms[a].append((angle, Contact(number, "start")))
        arms[b].append((angle + math.pi, Contact(number, "end")))

    bends = {(a, b): side for a, b, side in plan.bends}
    roads = [
        _street(plan, n, a, b, _reach(len(arms[a])), _reach(len(arms[b])), bends.get((a, b), 0))
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


def _all_streets(plan: Plan) -> list[Street]:
    nodes = [(c, r) for r in range(plan.rows) for c in range(plan.columns)]
    pairs = [((c, r), (c + 1, r)) for c, r in nodes if c + 1 < plan.columns]
    return pairs + [((c, r), (c, r + 1)) for c, r in nodes if r + 1 < plan.rows]


def _streets_of(plan: Plan) -> list[Street]:
    return [street for street in _all_streets(plan) if street not in plan.missing]


def _reach(meeting: int) -> float:
    """How far from the centre of a crossing, where so many streets meet, they begin (m)."""
    return CURVE_RADIUS if meeting == 2 else JUNCTION_RADIUS


def _distance(plan: Plan, a: Crossing, b: Crossing) -> float:
    return math.hypot((b[0] - a[0]) * plan.width, (b[1] - a[1]) * plan.depth)


def _street(plan: Plan, number: int, a: Crossing, b: Crossing, reach_a: float, reach_b: float, bend: int) -> Road:
    angle = math.atan2(b[1] - a[1], b[0] - a[0])
    x = a[0] * plan.width + reach_a * math.cos(angle)
    y = a[1] * plan.depth + reach_a * math.sin(angle)
    length = _distance(plan, a, b) - reach_a - reach_b
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
                    SPEED_LIMIT,
                    junction=junction_id,
                    predecessor=arm_in,
                    successor=arm_out,
                    lane_from=lane_in,
                    lane_to=lane_out,
                )
            )
            junction.connections.append((arm_in.road, number, lane_in, lane_out))
    return junction


def _spawn_points(roads: list[Road]) -> list[list[list[float]]]:
    """Points in the middle of both lanes of every street, clear of its ends."""
    out = []
    for road in (r for r in roads if r.junction < 0 and r.length > 2 * SPAWN_SPACING):
        for s in np.arange(12.0, road.length - 12.0, SPAWN_SPACING):
            for t, turned in ((-LANE_WIDTH / 2, 0.0), (LANE_WIDTH / 2, math.pi)):
                x, y, heading = road.at(float(s), t)
                yaw = (-math.degrees(heading + turned) + 180.0) % 360.0 - 180.0
                out.append([[x, -y, 0.3], [0.0, yaw, 0.0]])
    return out


def _buildings(roads: list[Road], ground: Ground, seed: int) -> list[Building]:
    """Buildings along both sides of the streets, where the footprint is all grass and overlaps no other building."""
    rng = np.random.default_rng(seed)
    out: list[Building] = []
    for road in (r for r in roads if r.junction < 0):
        for side in (1.0, -1.0):
            s = float(rng.uniform(4.0, 10.0))
            while s < road.length:
                half_length, half_width = rng.uniform(5.0, 9.0), rng.uniform(4.0, 6.0)
                t = side * (LANE_WIDTH + SIDEWALK_WIDTH + rng.uniform(3.0, 6.0) + half_width)
                x, y, heading = road.at(s + half_length, t)
                yaw = -math.degrees(heading)
                corners = rectangle(x, -y, yaw, half_length, half_width)
                clear = all(penetration(corners, rectangle(b.x, b.y, b.yaw, b.half_length, b.half_width)) is None for b in out)
                shade = rng.integers(90, 190)
                blue, green, red = (int(v) for v in np.clip(shade + rng.integers(-25, 26, 3), 0, 255))
                if clear and ground.is_grass(corners):
                    out.append(Building(x, -y, yaw, half_length, half_width, float(rng.uniform(5.0, 16.0)), (blue, green, red)))
                s += 2.0 * half_length + float(rng.uniform(3.0, 14.0))
    return out
