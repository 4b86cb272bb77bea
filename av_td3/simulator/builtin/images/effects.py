"""What comes on top of a shaded image: mirrors of a wet road, the glow of lights, and rain."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.images.noise import Table, chance, noise_at

GLOW_RADIUS = 0.55  # m of the glow around a light
STREAKS = 1100  # of hard rain, in an image of 800x600 pixels
Floats = NDArray[np.float64]


@compiled
def mirror_road(image: NDArray[np.float32], mirrors: NDArray[np.float32], table: Table) -> None:
    """Add what a wet road mirrors.

    Seen along a column of the image, what stands upright on the road is mirrored about its foot, as both have the same depth.
    """
    rows, columns = mirrors.shape
    feet = np.full(columns, -1)  # of what stands on the road above, in each column
    for row in range(1, rows):
        for column in range(columns):
            share = mirrors[row, column]
            if share < 0.0:
                feet[column] = row
            foot = feet[column]
            if share <= 0.0 or foot < 0:
                continue
            # Ripples blur it across and along.
            depth = row - foot
            shift = (noise_at(table, column * 0.35, row * 0.8) - 0.5) * (1.0 + 0.10 * depth)
            source = foot - depth + (noise_at(table, column * 0.21, row * 1.3 + 50.0) - 0.5) * 0.16 * depth
            i, j = min(columns - 1, max(0, int(column + shift))), min(rows - 1, max(0, int(source)))
            for k in range(3):
                image[row, column, k] += share * (image[j, i, k] - 0.3 * image[row, column, k])


@compiled
def add_glow(lights: Floats, view: Floats, depth: NDArray[np.float32], strength: float, image: NDArray[np.float32]) -> None:
    """Add a glow around every light that is seen.

    Args:
        lights: float64 (n, 9), position (3), the direction in which it shines or zeros (3), colour (3).
        view: as for ``draw_faces``.
        depth: float32 (2 * rows, 2 * columns).
        strength: of all.
        image: float32 (rows, columns, 3).

    """
    rows, columns = image.shape[:2]
    focal = 0.5 * view[12]
    for n in range(len(lights)):
        x, y, z = lights[n, 0] - view[0], lights[n, 1] - view[1], lights[n, 2] - view[2]
        f = x * view[3] + y * view[6] + z * view[9]
        if f < 0.4 or f > 250.0:
            continue
        away = math.sqrt(x * x + y * y + z * z)
        turned = -(x * lights[n, 3] + y * lights[n, 4] + z * lights[n, 5]) / away
        aimed = lights[n, 3] != 0.0 or lights[n, 4] != 0.0 or lights[n, 5] != 0.0
        if aimed and turned <= 0.0:
            continue
        u = 0.5 * view[13] - 0.25 + focal * (x * view[4] + y * view[7] + z * view[10]) / f
        v = 0.5 * view[14] - 0.25 - focal * (x * view[5] + y * view[8] + z * view[11]) / f
        i, j = math.floor(u + 0.5), math.floor(v + 0.5)
        if not (0 <= i < columns and 0 <= j < rows) or depth[2 * j, 2 * i] > 1.0 / (f - 0.35):
            continue
        radius = focal * GLOW_RADIUS / (f * 0.8 + 3.0) + 2.0
        power = strength * (turned**2 if aimed else 1.0) / (1.0 + 0.012 * away)
        for row in range(max(0, int(v - 3.0 * radius)), min(rows - 1, int(v + 3.0 * radius)) + 1):
            for column in range(max(0, int(u - 3.0 * radius)), min(columns - 1, int(u + 3.0 * radius)) + 1):
                d = ((column - u) * (column - u) + (row - v) * (row - v)) / (radius * radius)
                if d < 9.0:
                    glow = power * (0.9 * math.exp(-3.0 * d) + 0.12 * (1.0 - d / 9.0) ** 2)
                    for k in range(3):
                        image[row, column, k] += glow * lights[n, 6 + k]


@compiled
def add_rain(image: NDArray[np.float32], rain: float, light: Floats, frame: int) -> None:
    """Draw streaks of rain, others in every frame; ``light`` is the colour of what they scatter."""
    rows, columns = image.shape[:2]
    scale = rows / 600.0
    for n in range(int(STREAKS * rain * columns / max(1.0, rows) * 0.75)):
        near = 0.25 + 0.75 * chance(frame, n, 31) ** 2
        x, y = chance(frame, n, 32) * columns, (chance(frame, n, 33) * 1.2 - 0.2) * rows
        long, lean = (14.0 + 50.0 * near) * scale, 0.06 + 0.05 * (chance(n, 0, 34) - 0.5)
        wide, strength = max(0.6, 1.5 * near * scale), 0.04 + 0.10 * near
        for step in range(int(long) + 1):
            row = int(y + step)
            if not 0 <= row < rows:
                continue
            center = x - lean * step
            fade = strength * min(1.0, 4.0 * min(step + 1.0, long - step + 1.0) / long)
            for column in range(int(center - wide), int(center + wide) + 2):
                cover = min(1.0, max(0.0, wide + 0.5 - abs(column - center))) if 0 <= column < columns else 0.0
                if cover > 0.0:
                    for k in range(3):
                        image[row, column, k] += (light[k] - image[row, column, k]) * fade * cover
