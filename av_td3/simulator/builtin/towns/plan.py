"""Street plans: a grid of two-lane streets with curves, bends, T and cross junctions, in a few numbers."""

import math
from collections import Counter
from dataclasses import dataclass

JUNCTION_RADIUS = 12.0  # m from a junction's centre to where its arms begin
CURVE_RADIUS = 28.0  # m, streets that turn a corner
BEND_RADIUS, BEND_ANGLE = 45.0, math.radians(25.0)  # the S-bends inside a street
S_BEND_LENGTH = 4.0 * BEND_RADIUS * math.sin(BEND_ANGLE)  # m

Crossing = tuple[int, int]  # column, row
Street = tuple[Crossing, Crossing]


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


def check_plan(plan: Plan) -> None:
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
    meeting = Counter(crossing for street in streets_of(plan) for crossing in street)
    if not meeting:
        raise ValueError("it has no streets")
    for crossing, streets in meeting.items():
        if streets == 1:
            raise ValueError(f"the crossing {crossing} is a dead end; two streets or more must meet there, or none")
    for a, b in streets_of(plan):
        room = distance(plan, a, b) - reach(meeting[a]) - reach(meeting[b])
        needed = S_BEND_LENGTH if (a, b) in bends else 0.0
        if not room > needed:
            raise ValueError(f"the street {(a, b)} is {needed - room:.1f} m too short; set a larger width or depth")


def _all_streets(plan: Plan) -> list[Street]:
    nodes = [(c, r) for r in range(plan.rows) for c in range(plan.columns)]
    pairs = [((c, r), (c + 1, r)) for c, r in nodes if c + 1 < plan.columns]
    return pairs + [((c, r), (c, r + 1)) for c, r in nodes if r + 1 < plan.rows]


def streets_of(plan: Plan) -> list[Street]:
    return [street for street in _all_streets(plan) if street not in plan.missing]


def reach(meeting: int) -> float:
    """How far from the centre of a crossing, where so many streets meet, they begin (m)."""
    return CURVE_RADIUS if meeting == 2 else JUNCTION_RADIUS


def distance(plan: Plan, a: Crossing, b: Crossing) -> float:
    return math.hypot((b[0] - a[0]) * plan.width, (b[1] - a[1]) * plan.depth)
