"""Polygons with what they are made of."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_FACE = 8  # corners of a polygon
LOOK = 18  # numbers that describe a polygon's look
MATERIAL, COLOR, NORMAL, ORIGIN, ALONG, WIDTH, HEIGHT, SEED, GLOW, NIGHTLY = 0, 1, 4, 7, 10, 13, 14, 15, 16, 17
Point = Sequence[float]


class Material(IntEnum):
    MATT = 0
    PAINT = 1
    GLASS = 2
    WALL = 3
    TILES = 4
    GRAVEL = 5


class Faces(NamedTuple):
    """Polygons: corners ``float64 (n, MAX_FACE, 3)``, how many of them count ``int64 (n,)``, looks ``float64 (n, LOOK)``.

    The columns of a look are material, colour (3, linear), normal (3), origin (3), along (3), width, height, seed, glow, and
    1 where the glow is that of a lamp which is lit at night.
    """

    corners: NDArray[np.float64]
    counts: NDArray[np.int64]
    looks: NDArray[np.float64]


class Mesh:
    """Collects polygons."""

    def __init__(self) -> None:
        self._corners: list[NDArray[np.float64]] = []
        self._counts: list[int] = []
        self._looks: list[NDArray[np.float64]] = []

    def add(
        self,
        corners: Sequence[Point],
        inside: Point,
        material: Material,
        color: Sequence[float],
        *,
        size: tuple[float, float] = (0.0, 0.0),
        base: float | None = None,
        seed: int = 0,
        glow: float = 0.0,
        nightly: bool = False,
    ) -> None:
        """Add a planar convex polygon.

        Args:
            corners: 3 to ``MAX_FACE`` points in their order around it.
            inside: a point behind it.
            material: what it is made of.
            color: blue, green, red; 0 to 255.
            size: width and height of a wall (m), of which the first two corners are the lower ones.
            base: height of a wall's foot (m), the first corner's if None.
            seed: number of what it belongs to.
            glow: light that it sends out by itself, in parts of its colour.
            nightly: whether it does so only at night.

        """
        points = np.array(corners, np.float64)
        padded = np.zeros((MAX_FACE, 3))
        padded[: len(points)] = points
        along, normal = points[1] - points[0], np.cross(points[1] - points[0], points[2] - points[1])
        if normal @ (points.mean(axis=0) - np.array(inside)) < 0.0:
            normal = -normal
        origin = points[0] if base is None else [points[0, 0], points[0, 1], base]
        look = np.concatenate(
            [
                [material],
                (np.array(color, np.float64) / 255.0) ** 2,
                normal / np.linalg.norm(normal),
                origin,
                along / np.linalg.norm(along),
                [*size, seed, glow, nightly],
            ]
        )
        self._corners.append(padded)
        self._counts.append(len(points))
        self._looks.append(look)

    def add_box(self, low: Point, high: Point, material: Material, color: Sequence[float], **options: float) -> None:
        """Add the six sides of an upright box."""
        middle = [(a + b) / 2.0 for a, b in zip(low, high, strict=True)]
        for axis in range(3):
            for side in (low, high):
                b, c = (axis + 1) % 3, (axis + 2) % 3
                corners = np.tile(np.array(side, np.float64), (4, 1))
                corners[:, b] = low[b], high[b], high[b], low[b]
                corners[:, c] = low[c], low[c], high[c], high[c]
                self.add(corners.tolist(), middle, material, color, **options)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def faces(self) -> Faces:
        n = len(self)
        corners, looks = np.array(self._corners).reshape(n, MAX_FACE, 3), np.array(self._looks).reshape(n, LOOK)
        return Faces(corners, np.array(self._counts, np.int64), looks)


def placed(faces: Faces, rotation: NDArray[np.float64], position: NDArray[np.float64]) -> Faces:
    """Faces turned and moved; the columns of ``rotation`` are the new axes."""
    looks = faces.looks.copy()
    for column in (NORMAL, ALONG):
        looks[:, column : column + 3] = faces.looks[:, column : column + 3] @ rotation.T
    looks[:, ORIGIN : ORIGIN + 3] = faces.looks[:, ORIGIN : ORIGIN + 3] @ rotation.T + position
    return Faces(faces.corners @ rotation.T + position, faces.counts, looks)
