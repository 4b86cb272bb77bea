"""Lines whose curvature is constant or changes linearly.

In OpenDRIVE's frame: y points to the left of x, headings (rad) turn counter-clockwise.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pyclothoids import Clothoid, SolveG2


class Pose(NamedTuple):
    """A point (m) of a line and its heading (rad)."""

    x: float
    y: float
    heading: float

    def beside(self, t: float) -> "Pose":
        """The pose ``t`` metres to the left."""
        return Pose(self.x - t * math.sin(self.heading), self.y + t * math.cos(self.heading), self.heading)

    def turned(self) -> "Pose":
        return Pose(self.x, self.y, self.heading + math.pi)


class Bend(NamedTuple):
    """A piece of a line whose curvature (1/m, positive to the left) changes linearly over its length (m)."""

    length: float
    start: float = 0.0
    end: float = 0.0


def curve(turn: float, radius: float, transition: float = 0.0) -> list[Bend]:
    """An arc that turns by an angle (rad, left positive), with a spiral (m) at both ends."""
    bend = math.copysign(1.0 / radius, turn)
    arc = Bend(radius * abs(turn) - transition, bend, bend)
    return [Bend(transition, 0.0, bend), arc, Bend(transition, bend, 0.0)] if transition else [arc]


def link(start: Pose, end: Pose) -> list[Bend]:
    """Bends from one pose to another: an arc as wide as possible, or spirals where the heading stays the same."""
    dx, dy = end.x - start.x, end.y - start.y
    cosine, sine = math.cos(start.heading), math.sin(start.heading)
    ahead, aside = dx * cosine + dy * sine, dy * cosine - dx * sine
    turn = math.remainder(end.heading - start.heading, 2.0 * math.pi)
    if abs(turn) > 1e-6:
        after = aside / math.sin(turn)
        before = ahead - after * math.cos(turn)
        tangent = min(before, after)
        lines = [[Bend(length)] if length > 1e-6 else [] for length in (before - tangent, after - tangent)]
        return [*lines[0], *curve(turn, tangent / math.tan(abs(turn) / 2.0)), *lines[1]]
    if abs(aside) < 1e-6:
        return [Bend(ahead)]
    pieces = SolveG2(*start, 0.0, *end, 0.0)
    return [Bend(piece.length, piece.KappaStart, piece.KappaEnd) for piece in pieces]


def walk(pose: Pose, bends: Sequence[Bend]) -> Pose:
    """Where bends from a pose end."""
    for bend in bends:
        line = Clothoid.StandardParams(*pose, bend.start, (bend.end - bend.start) / bend.length, bend.length)
        pose = Pose(line.XEnd, line.YEnd, line.ThetaEnd)
    return pose
