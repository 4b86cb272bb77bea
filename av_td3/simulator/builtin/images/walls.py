"""What a wall looks like: rows of windows by storeys, doors and a plinth, some windows lit at night."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place
from av_td3.simulator.builtin.images.noise import Table, chance, noise_at

STOREY = 2.9  # m
MIN_BAY = 2.6  # m, of a window with the wall beside it
Floats = NDArray[np.float64]


@compiled_in_place
def between(x: float, low: float, high: float, blur: float) -> float:
    """How much of a pixel of size ``blur`` around x lies between two edges."""
    return max(0.0, min(x + 0.5 * blur, high) - max(x - 0.5 * blur, low)) / blur


@compiled_in_place
def wall_color(
    looks: Floats, face: int, u: float, v: float, blur: float, lit: float, table: Table, out: Floats
) -> tuple[float, float]:
    """Colour of a wall.

    Args:
        looks: of ``Faces``, with colour, width, height and seed.
        face: its row.
        u: m along the wall.
        v: m above its foot.
        blur: size of a pixel on the wall, m.
        lit: 1 where windows may be lit.
        table: of ``noise_table``.
        out: float64 (3,), its colour, linear.

    Returns:
        How much of the pixel is glass, and the light that comes out of it.

    """
    width, height, seed = looks[face, 13], looks[face, 14], int(looks[face, 15])
    stain = 0.93 + 0.14 * noise_at(table, u * 0.8 + seed, v * 0.5)
    plinth = 0.62 if v < 0.5 else 1.0
    course = 1.0 - 0.10 * between(v - math.floor(v / STOREY) * STOREY, 0.0, 0.12, max(blur, 0.02)) * (1.0 if v > 1.0 else 0.0)
    grain = 1.0 + (0.06 * (noise_at(table, u * 14.0, v * 30.0) - 0.5) if blur < 0.08 else 0.0)
    for k in range(3):
        out[k] = looks[face, 1 + k] * stain * plinth * course * grain
    bays = int(width / MIN_BAY)
    storeys = int((height - 0.3) / STOREY)
    if bays < 1 or storeys < 1 or v < 0.0:
        return 0.0, 0.0
    bay = width / bays
    i, j = math.floor(u / bay), math.floor(v / STOREY)
    if not (0 <= i < bays and j < storeys):
        return 0.0, 0.0
    style = seed // 4  # all walls of a building are alike
    a, b = u - (i + 0.5) * bay, v - j * STOREY
    half = (0.42 + 0.16 * chance(style, 0, 21)) * 1.25
    low, high = 0.85 - 0.2 * chance(style, 0, 22), 2.25
    door = j == 0 and seed % 2 == 0 and i == int(chance(seed, 1, 23) * bays)
    if door:
        half, low, high = 0.55, 0.0, 2.15
    tall, edge = max(blur, 0.015), 0.09
    frame = between(a, -half - edge, half + edge, tall) * between(b, low - (0.0 if door else edge), high + edge, tall)
    pale = 0.62 if chance(style, 0, 24) < 0.7 else 0.12
    for k in range(3):
        out[k] += (pale - out[k]) * frame
    inner = between(a, -half, half, tall) * between(b, low, high, tall)
    if door:
        for k in range(3):
            out[k] += (0.16 * chance(style, k, 25) + 0.02 - out[k]) * inner
        return 0.0, 0.0
    # A bar down the middle, and a curtain behind some panes.
    bars = 1.0 - between(a, -0.03, 0.03, tall) if half > 0.55 else 1.0
    glass = inner * bars
    drawn = 0.30 if chance(seed, i, 40 + j) < 0.3 and abs(a) > 0.45 * half else 0.0
    for k in range(3):
        out[k] += ((0.018 + 0.006 * k) + drawn * 0.5 - out[k]) * glass
    glow = 0.0
    if lit > 0.0 and chance(seed, i, 80 + j) < 0.34:
        glow = (
            glass
            * (0.45 + 0.75 * chance(seed, i, 120 + j))
            * (0.72 if drawn else 1.0)
            * (0.75 + 0.25 * (b - low) / (high - low))
        )
    return glass, glow
