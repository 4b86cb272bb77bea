"""Roads: reference lines, and lanes with their marks.

As in ASAM OpenDRIVE 1.8, chapters 9 (geometries), 10 (roads) and 11 (lanes), s runs along a road's reference line (m), and t
points to its left (m). OpenDRIVE's y points to the left of x, CARLA's to the right: positions and headings that a road gives
are in CARLA's frame.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_NODES, _WEIGHTS = ((_NODES + 1.0) / 2.0).tolist(), (_WEIGHTS / 2.0).tolist()  # on [0, 1]


class Profile:
    """A piecewise cubic: rows of its start and coefficients ``(start, a, b, c, d)`` as in a + b ds + c ds^2 + d ds^3."""

    def __init__(self, rows: Iterable[tuple[float, ...]]):
        self.rows: Floats = np.array([*rows] or [(0.0,) * 5], np.float64)

    @cached_property
    def constant(self) -> bool:
        """Whether the value is the same everywhere."""
        return not self.rows[:, 2:].any() and bool((self.rows[:, 1] == self.rows[0, 1]).all())

    def __call__(self, s: Floats | np.float64) -> Floats:
        """Values at ``s``, float64 of any shape."""
        start, a, b, c, d = self._at(s)
        ds = s - start
        return np.asarray(a + ds * (b + ds * (c + ds * d)))

    def slope(self, s: Floats | np.float64) -> Floats:
        """First derivatives at ``s``."""
        start, _, b, c, d = self._at(s)
        ds = s - start
        return np.asarray(b + ds * (2.0 * c + ds * 3.0 * d))

    def _at(self, s: Floats | np.float64) -> Floats:
        return np.asarray(self.rows[np.maximum(np.searchsorted(self.rows[:, 0], s, side="right") - 1, 0)].T)


@dataclass(frozen=True)
class Shape:
    """A piece of a reference line, in OpenDRIVE's frame, whose curvature (1/m, positive to the left) changes linearly."""

    x: float
    y: float
    heading: float
    length: float
    curvature: float
    end_curvature: float

    def at(self, s: float) -> tuple[float, float, float]:
        """Position and heading ``s`` metres from its start, also before it and beyond its end."""
        x, y, heading, bend = self.x, self.y, self.heading, self.curvature
        if self.end_curvature != bend:
            return self._on_spiral(s)
        if bend == 0.0:
            return x + s * math.cos(heading), y + s * math.sin(heading), heading
        end = heading + s * bend
        return x + (math.sin(end) - math.sin(heading)) / bend, y - (math.cos(end) - math.cos(heading)) / bend, end

    def _on_spiral(self, s: float) -> tuple[float, float, float]:
        """Integrate the direction by Gauss-Legendre quadrature."""
        half_rate = (self.end_curvature - self.curvature) / self.length / 2.0
        headings = [self.heading + s * u * (self.curvature + s * u * half_rate) for u in _NODES]
        dx = sum(w * math.cos(h) for w, h in zip(_WEIGHTS, headings, strict=True))
        dy = sum(w * math.sin(h) for w, h in zip(_WEIGHTS, headings, strict=True))
        return self.x + s * dx, self.y + s * dy, self.heading + s * (self.curvature + s * half_rate)


@dataclass(frozen=True)
class Mark:
    """A road mark on the outer edge of a lane, from ``start`` (m from the start of the lane section) on."""

    start: float
    kind: str  # "solid", "broken", "solid solid", "none" ...
    color: str
    width: float | None  # m


@dataclass(frozen=True)
class Lane:
    """A lane of one section. Negative ids are right of the reference line, and lead along it; 0 is the line itself."""

    id: int
    kind: str  # "driving", "sidewalk", "median" ...
    width: Profile  # m, over metres from the start of the section
    marks: tuple[Mark, ...]
    predecessor: int | None
    successor: int | None


@dataclass(frozen=True)
class Section:
    """The lanes between ``start`` and ``end`` (m), from left to right."""

    start: float
    end: float
    lanes: tuple[Lane, ...]

    def lane(self, number: int) -> Lane | None:
        """The lane with an id."""
        return next((lane for lane in self.lanes if lane.id == number), None)


@dataclass(frozen=True)
class Link:
    """What a road leads to: the ``kind`` "road" or "junction", its id, and of a road the end, "start" or "end"."""

    kind: str
    id: int
    contact: str


@dataclass(frozen=True)
class Road:
    """A road. ``junction`` is the junction that it crosses, or -1."""

    id: int
    length: float
    junction: int
    shapes: tuple[Shape, ...]
    elevation: Profile  # m
    lane_offset: Profile  # m, from the reference line to lane 0
    sections: tuple[Section, ...]
    speeds: tuple[tuple[float, float], ...]  # (from s on, km/h)
    predecessor: Link | None
    successor: Link | None

    def at(self, s: float, t: float = 0.0) -> tuple[float, float, float]:
        """x, y (m) and heading (rad, clockwise from x) at ``s`` along and ``t`` left of the reference line, CARLA's frame."""
        for shape in self.shapes[:-1]:
            if s <= shape.length:
                break
            s -= shape.length
        else:
            shape = self.shapes[-1]
        x, y, heading = shape.at(s)
        return x - t * math.sin(heading), -(y + t * math.cos(heading)), -heading

    def line(self, s: Floats) -> Floats:
        """x, y, heading and height of the reference line at ``s`` (n,), CARLA's frame, float64 ``(n, 4)``."""
        return np.column_stack([np.array([self.at(v) for v in s.tolist()]).reshape(-1, 3), self.elevation(s)])

    def edges(self, section: Section, s: Floats | np.float64) -> dict[int, tuple[Floats, Floats]]:
        """Inner and outer edge, t at each ``s``, of each lane of a section by its id."""
        out = {}
        centre = self.lane_offset(s)
        for side in (1, -1):
            inner = centre
            for lane in sorted((lane for lane in section.lanes if lane.id * side > 0), key=lambda lane: abs(lane.id)):
                outer = inner + side * lane.width(s - section.start)
                out[lane.id] = (inner, outer)
                inner = outer
        out[0] = (centre, centre)
        return out

    def section(self, s: float) -> Section:
        """The section at ``s``."""
        return next((section for section in reversed(self.sections) if section.start <= s), self.sections[0])

    def section_at(self, end: str) -> Section:
        """The first section for "start", the last for "end"."""
        return self.sections[0 if end == "start" else -1]
