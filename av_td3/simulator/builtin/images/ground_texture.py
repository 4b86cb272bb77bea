"""The ground of a town as textures: sharp tiles near the camera, coarser ones of the whole town.

Each texture has half the resolution of the one before, so that far ground is averaged rather than picked from (Williams,
"Pyramidal Parametrics", SIGGRAPH 1983). Tiles are drawn from the ground's strips when a camera first comes near; where a town
has none, from its labels.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.images.ground_detail import (
    KERBSTONE,
    ROAD,
    SOIL,
    add_detail,
    shrink_labels,
    spread,
    texel_palette,
)
from av_td3.simulator.builtin.images.noise import noise_table
from av_td3.simulator.builtin.towns.ground import RESOLUTION, Ground, Surface

TEXEL = 0.025  # m, of a tile
TILE = 512  # texels along a side
TILE_SIZE = TILE * TEXEL  # m
TILE_LEVELS = 4  # 2.5, 5, 10 and 20 cm
TILE_TEXELS = sum((TILE >> level) ** 2 for level in range(TILE_LEVELS))
FAR_TEXEL = 4 * RESOLUTION  # m, of the sharpest texture of the whole town
SLOTS = 48  # tiles that are kept
FINE = 4  # times finer than a texel strips are drawn, to be averaged
SUBPIXEL_BITS = 4


class GroundTexture:
    """Textures of a ground, with channels blue, green, red and material (``ground_detail``).

    Attributes:
        tiles: uint32 (SLOTS * TILE_TEXELS,), packed texels, each tile with its coarser versions behind it.
        slots: int32 (rows, columns), for every tile of the town the slot that holds it, or -1.
        far: uint32 (texels,), the textures of the whole town behind each other.
        far_sizes: int64 (levels, 3), where each begins, its rows and columns.

    """

    def __init__(self, ground: Ground):
        self._ground = ground
        rows, columns = ground.labels.shape
        grid = math.ceil(rows * RESOLUTION / TILE_SIZE), math.ceil(columns * RESOLUTION / TILE_SIZE)
        self.slots = np.full(grid, -1, np.int32)
        self.tiles = np.empty(SLOTS * TILE_TEXELS, np.uint32)
        self._held: dict[tuple[int, int], int] = {}  # slots of tiles, the longest unused first
        self._boxes = np.array([(*s.outline.min(axis=0), *s.outline.max(axis=0)) for s in ground.strips]).reshape(-1, 4)
        self._palette = texel_palette()
        self.far, self.far_sizes = self._far()

    def _far(self) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        labels = self._ground.labels
        texture = _shrunk(labels, self._palette)
        add_detail(texture, self._ground.x0, self._ground.y0, FAR_TEXEL, noise_table())
        levels, sizes, start = [], [], 0
        while True:
            levels.append(_packed(texture))
            sizes.append((start, *texture.shape[:2]))
            start += len(levels[-1])
            if min(texture.shape[:2]) < 8:
                return np.concatenate(levels), np.array(sizes)
            half = (texture.shape[1] // 2, texture.shape[0] // 2)
            texture = np.asarray(
                cv2.resize(texture[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA), np.uint8
            )

    def load(self, x: float, y: float, reach: float, look: tuple[float, float]) -> None:
        """Hold the tiles within ``reach`` (m) of a point and not behind it, of which ``look`` is the horizontal view."""
        column, row = (x - self._ground.x0) / TILE_SIZE - 0.5, (y - self._ground.y0) / TILE_SIZE - 0.5
        span = int(reach / TILE_SIZE) + 2
        wanted = []
        for j in range(max(0, int(row) - span), min(self.slots.shape[0], int(row) + span + 2)):
            for i in range(max(0, int(column) - span), min(self.slots.shape[1], int(column) + span + 2)):
                dx, dy = (i - column) * TILE_SIZE, (j - row) * TILE_SIZE
                away = math.hypot(dx, dy)
                if away < reach + 0.75 * TILE_SIZE and dx * look[0] + dy * look[1] > -TILE_SIZE:
                    wanted.append((away, j, i))
        wanted = sorted(wanted)[:SLOTS]
        self.slots.fill(-1)
        free = SLOTS - len(self._held)
        chosen = {(j, i) for _, j, i in wanted}
        for _, j, i in wanted:
            slot = self._held.pop((j, i), None)
            if slot is None:
                if free > 0:
                    slot = len(self._held)
                    free -= 1
                else:
                    slot = self._held.pop(next(tile for tile in self._held if tile not in chosen))
                self._draw(slot, j, i)
            self._held[j, i] = slot
            self.slots[j, i] = slot

    def _draw(self, slot: int, row: int, column: int) -> None:
        x0, y0 = self._ground.x0 + column * TILE_SIZE, self._ground.y0 + row * TILE_SIZE
        texture = self._from_strips(x0, y0) if self._ground.strips else self._from_labels(row, column)
        self._shade_gutter(texture)
        add_detail(texture, x0, y0, TEXEL, noise_table())
        start = slot * TILE_TEXELS
        for level in range(TILE_LEVELS):
            if level:
                texture = np.asarray(cv2.resize(texture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
            flat = _packed(texture)
            self.tiles[start : start + len(flat)] = flat
            start += len(flat)

    def _from_strips(self, x0: float, y0: float) -> NDArray[np.uint8]:
        fine = np.full((FINE * TILE, FINE * TILE), Surface.GRASS, np.uint8)
        left, top, right, bottom = self._boxes.T
        for n in np.flatnonzero((right > x0) & (bottom > y0) & (left < x0 + TILE_SIZE) & (top < y0 + TILE_SIZE)):
            strip = self._ground.strips[n]
            points = (strip.outline - np.array([x0, y0])) * (FINE / TEXEL) - 0.5
            fixed = np.round(points * (1 << SUBPIXEL_BITS)).astype(np.int32)
            cv2.fillPoly(fine, [fixed], (int(strip.surface),), shift=SUBPIXEL_BITS)
        return _shrunk(fine, self._palette)

    def _from_labels(self, row: int, column: int) -> NDArray[np.uint8]:
        """Colours of the labels, smoothed: label (0, 0) lies around the ground's corner."""
        labels, size = self._ground.labels, TILE // 4
        rows = np.clip(np.arange(row * size - 2, row * size + size + 3), 0, labels.shape[0] - 1)
        columns = np.clip(np.arange(column * size - 2, column * size + size + 3), 0, labels.shape[1] - 1)
        texels = self._palette[labels[np.ix_(rows, columns)]]
        wide = cv2.resize(cv2.GaussianBlur(texels, (3, 3), 0.6), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        return np.ascontiguousarray(wide[10 : 10 + TILE, 10 : 10 + TILE], np.uint8)

    @staticmethod
    def _shade_gutter(texture: NDArray[np.uint8]) -> None:
        """Darken the road along kerbs, where dirt gathers and the kerb keeps light away."""
        material = texture[..., 3]
        kerb = ((material > KERBSTONE - 12) & (material < KERBSTONE + 12)).astype(np.uint8)
        if not kerb.any():
            return
        near = cv2.blur(kerb * np.uint8(255), (13, 13)).astype(np.float32) / 255.0
        road = material > (KERBSTONE + ROAD) // 2
        shade = np.where(road, 1.0 - 0.55 * np.minimum(1.0, 2.0 * near), np.where(material < SOIL + 40, 1.0 - 0.3 * near, 1.0))
        texture[..., :3] = (texture[..., :3] * shade[..., None]).astype(np.uint8)


def _packed(texture: NDArray[np.uint8]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(texture).reshape(-1, 4).view(np.uint32).ravel()


def _shrunk(labels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A texture of a quarter of the labels' resolution."""
    packed = np.empty((labels.shape[0] // 4, labels.shape[1] // 4), np.uint32)
    shrink_labels(labels, spread(palette), packed)
    return packed.view(np.uint8).reshape(*packed.shape, 4)
