"""The ground of a town as a map of surface labels, seen from above.

The camera takes its colours from this map, so road, markings, kerb, pavement and grass are drawn once per town, not once per
frame.
"""

from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.opendrive import LANE_WIDTH, SIDEWALK_WIDTH, Road

RESOLUTION = 0.1  # m per pixel
MARGIN = 70.0  # m of grass around the roads
MARK_WIDTH = 0.15  # m
KERB_WIDTH = 0.2  # m
DASH, GAP = 3.0, 6.0  # m, broken centre line
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


RELIEF_SPACING = 2.0  # m between heights


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

    """

    def __init__(
        self,
        labels: NDArray[np.uint8],
        x0: float,
        y0: float,
        strips: tuple[Strip, ...] = (),
        relief: NDArray[np.float32] | None = None,
    ):
        self.labels = labels
        self.x0 = x0
        self.y0 = y0
        self.strips = strips
        self.relief = relief

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


def draw_ground(roads: list[Road], seed: int) -> Ground:
    """Draw the roads, from the pavement up to the markings. ``seed`` determines the shades of plain areas."""
    outline = np.array([road.at(s)[:2] for road in roads for s in np.linspace(0.0, road.length, 20)])
    outline[:, 1] *= -1.0
    x0, y0 = outline.min(axis=0) - MARGIN
    width, height = np.ceil((outline.max(axis=0) + MARGIN - (x0, y0)) / RESOLUTION).astype(int)
    painter = _Painter(np.full((height, width), Surface.GRASS, np.uint8), float(x0), float(y0))

    kerb = LANE_WIDTH + KERB_WIDTH
    for surface, reach in (
        (Surface.SIDEWALK, LANE_WIDTH + SIDEWALK_WIDTH),
        (Surface.KERB, kerb),
        (Surface.ASPHALT, LANE_WIDTH),
    ):
        for road in roads:
            painter.strip(road, 0.0, road.length, -reach, 0.0 if road.junction >= 0 else reach, surface)
    for road in (r for r in roads if r.junction < 0):
        edge = LANE_WIDTH - 2 * MARK_WIDTH
        for t in (edge, -edge):
            painter.strip(road, 0.0, road.length, t - MARK_WIDTH / 2, t + MARK_WIDTH / 2, Surface.WHITE_MARK)
        for s in np.arange(0.0, road.length, DASH + GAP):
            end = min(s + DASH, road.length)
            painter.strip(road, s, end, -MARK_WIDTH / 2, MARK_WIDTH / 2, Surface.YELLOW_MARK)
    _shade(painter.labels, seed)
    return Ground(painter.labels, painter.x0, painter.y0)


def _shade(labels: NDArray[np.uint8], seed: int) -> None:
    """Give random patches of grass and asphalt, about half a metre wide, their second shade."""
    rng = np.random.default_rng(seed)
    height, width = labels.shape
    coarse = rng.integers(0, 2, (height // 6 + 1, width // 6 + 1), dtype=np.uint8)
    dark = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    plain = (labels == Surface.GRASS) | (labels == Surface.ASPHALT)
    labels += dark * plain


class _Painter:
    """Fills strips along roads in the label map."""

    def __init__(self, labels: NDArray[np.uint8], x0: float, y0: float):
        self.labels = labels
        self.x0 = x0
        self.y0 = y0

    def strip(self, road: Road, start: float, end: float, right: float, left: float, surface: Surface) -> None:
        """Fill ``start <= s <= end`` between ``t = right`` and ``t = left``."""
        stations = np.linspace(start, end, max(2, int((end - start) / 0.5)))
        border = [road.at(s, left)[:2] for s in stations] + [road.at(s, right)[:2] for s in stations[::-1]]
        points = (np.array(border) * (1.0, -1.0) - (self.x0, self.y0)) / RESOLUTION
        fixed = np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(self.labels, [fixed], (int(surface),), shift=_SUBPIXEL_BITS)
