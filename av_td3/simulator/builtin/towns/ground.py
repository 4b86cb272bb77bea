"""The ground of a town as a map of surface labels, seen from above.

The camera takes its colours from this map, so road, markings, kerb, pavement and grass are drawn once per town, not once per
frame.
"""

from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

RESOLUTION = 0.1  # m per pixel
RELIEF_SPACING = 2.0  # m between heights, and between speed limits
_SUBPIXEL_BITS = 4


class Surface(IntEnum):
    """Surface labels. Grass and asphalt have a second shade, so that plain areas show motion."""

    GRASS = 0
    GRASS_DARK = 1
    ASPHALT = 2
    ASPHALT_DARK = 3
    SIDEWALK = 4
    KERB = 5
    WHITE_MARK = 6
    YELLOW_MARK = 7


@dataclass(frozen=True)
class Strip:
    """A polygon of one surface: corners ``float32 (n, 2)`` in metres, CARLA's frame."""

    surface: Surface
    outline: NDArray[np.float32]


class Ground:
    """What the ground of a town is made of.

    Args:
        labels: surface of each square of ``RESOLUTION``, ``uint8 (rows, columns)``, with rows along CARLA's y, columns along x.
        x0: x of the first column, m.
        y0: y of the first row, m.
        strips: what the labels are drawn from, later ones over earlier ones; grass is everywhere below them.
        relief: height of the road, m, ``float32 (rows, columns)`` every ``RELIEF_SPACING`` from (x0, y0), bilinear in between;
            None where all is level. Kerbs are not in it.
        speed_limits: km/h, ``uint8 (rows, columns)`` on the same points; 0 where there is no road.

    """

    def __init__(
        self,
        labels: NDArray[np.uint8],
        x0: float,
        y0: float,
        strips: tuple[Strip, ...] = (),
        relief: NDArray[np.float32] | None = None,
        speed_limits: NDArray[np.uint8] | None = None,
    ):
        self.labels = labels
        self.x0 = x0
        self.y0 = y0
        self.strips = strips
        self.relief = relief
        self.speed_limits = np.zeros((1, 1), np.uint8) if speed_limits is None else speed_limits

    def surface_at(self, x: float, y: float) -> int:
        """Surface at (x, y), m; outside of the map it is grass."""
        ((column, row),) = self._pixels([(x, y)])
        rows, columns = self.labels.shape
        return int(self.labels[row, column]) if 0 <= row < rows and 0 <= column < columns else int(Surface.GRASS)

    def is_grass(self, corners: list[tuple[float, float]]) -> bool:
        """Whether the whole polygon (metres, CARLA's frame) lies on grass."""
        points = self._pixels(corners)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        if left < 0 or top < 0 or right >= self.labels.shape[1] or bottom >= self.labels.shape[0]:
            return False
        inside = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
        cv2.fillPoly(inside, [points - [left, top]], (1,))
        patch = self.labels[top : bottom + 1, left : right + 1]
        return bool((patch[inside == 1] <= Surface.GRASS_DARK).all())

    def _pixels(self, corners: list[tuple[float, float]]) -> NDArray[np.int32]:
        return np.round((np.array(corners) - [self.x0, self.y0]) / RESOLUTION).astype(np.int32)


def draw_labels(strips: tuple[Strip, ...], origin: tuple[float, float], shape: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """The label map of strips.

    Args:
        strips: in drawing order.
        origin: x and y of the first square, m.
        shape: rows and columns.
        seed: determines the shades of plain areas.

    """
    labels = np.full(shape, Surface.GRASS, np.uint8)
    scale = (1 << _SUBPIXEL_BITS) / RESOLUTION
    for strip in strips:
        fixed = np.round((strip.outline.astype(np.float64) - origin) * scale).astype(np.int32)
        cv2.fillPoly(labels, [fixed], (int(strip.surface),), shift=_SUBPIXEL_BITS)
    _shade(labels, seed)
    return labels


def _shade(labels: NDArray[np.uint8], seed: int) -> None:
    """Give random patches of grass and asphalt, about half a metre wide, their second shade."""
    rng = np.random.default_rng(seed)
    height, width = labels.shape
    coarse = rng.integers(0, 2, (height // 6 + 1, width // 6 + 1), dtype=np.uint8)
    dark = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    plain = (labels == Surface.GRASS) | (labels == Surface.ASPHALT)
    labels += dark * plain
