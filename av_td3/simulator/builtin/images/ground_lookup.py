"""Compiled look-ups in the maps of the ground: textures, shadows and lamp light."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place
from av_td3.simulator.builtin.images.ground_texture import FAR_TEXEL, TEXEL, TILE, TILE_LEVELS, TILE_SIZE, TILE_TEXELS

PER_METRE = 1.0 / TILE_SIZE  # tiles
MAX_TAPS = 5  # along the long side of a pixel's footprint
Floats = NDArray[np.float64]
Texels = NDArray[np.uint32]


@compiled_in_place
def bilinear(texels: Texels, start: int, rows: int, columns: int, u: float, v: float) -> int:
    """Bilinear value of a texture at column u and row v, with texels at whole numbers.

    The four channels are weighted together: each has 16 bits of one integer, and weights have 8.
    """
    u, v = min(max(u, 0.0), columns - 1.001), min(max(v, 0.0), rows - 1.001)
    i, j = int(u), int(v)
    p, q = int((u - i) * 256.0), int((v - j) * 256.0)
    a = start + j * columns + i
    w11 = (p * q) >> 8
    w10, w01 = q - w11, p - w11
    total = 0
    for texel, weight in (
        (texels[a], 256 - w11 - w10 - w01),
        (texels[a + 1], w01),
        (texels[a + columns], w10),
        (texels[a + columns + 1], w11),
    ):
        total += ((texel & 0xFF00FF) | ((texel & 0xFF00FF00) << 24)) * weight
    return (total >> 8) & 0x00FF00FF00FF00FF


@compiled_in_place
def ground_texel(
    tiles: Texels,
    slots: NDArray[np.int32],
    far: Texels,
    far_sizes: NDArray[np.int64],
    x: float,
    y: float,
    short: float,
    long: float,
    along_x: float,
    along_y: float,
) -> tuple[float, float, float, float]:
    """Average the texture over the footprint of a pixel (anisotropic filtering: McCormack et al., "Feline", SIGGRAPH 1999).

    Args:
        tiles: of ``GroundTexture``, like ``slots``, ``far`` and ``far_sizes``.
        slots: see ``tiles``.
        far: see ``tiles``.
        far_sizes: see ``tiles``.
        x: from the ground's corner, m, like ``y``.
        y: see ``x``.
        short: size of the footprint across the ray, m.
        long: its size along the ray, m.
        along_x: unit vector along the ray, with ``along_y``.
        along_y: see ``along_x``.

    Returns:
        The mean blue, green, red and material, 0 to 255.

    """
    size = max(short, long / MAX_TAPS)
    taps = int(min(MAX_TAPS * 1.0, long / size + 0.99))
    level, ratio = 0, size * (1.19 / TEXEL)
    while ratio >= 2.0:
        level += 1
        ratio *= 0.5
    total, step = 0, long / taps
    for tap in range(taps):
        away = step * (tap + 0.5) - 0.5 * long
        px, py = x + along_x * away, y + along_y * away
        slot, left, top = -1, 0.0, 0.0
        if level < TILE_LEVELS:
            left, top = math.floor(px * PER_METRE), math.floor(py * PER_METRE)
            i, j = int(left), int(top)
            if 0 <= i < slots.shape[1] and 0 <= j < slots.shape[0]:
                slot = slots[j, i]
        if slot >= 0:
            side = TILE >> level
            start = slot * TILE_TEXELS + (4 * (TILE * TILE - side * side)) // 3
            scale = side * PER_METRE
            u, v = (px - left * TILE_SIZE) * scale - 0.5, (py - top * TILE_SIZE) * scale - 0.5
            total += bilinear(tiles, start, side, side, u, v)
        else:
            coarse = min(max(0, level - TILE_LEVELS), len(far_sizes) - 1)
            scale = 1.0 / (FAR_TEXEL * (1 << coarse))
            u, v = px * scale - 0.5, py * scale - 0.5
            total += bilinear(far, far_sizes[coarse, 0], far_sizes[coarse, 1], far_sizes[coarse, 2], u, v)
    mean = 1.0 / taps
    return (
        (total & 0xFFFF) * mean,
        ((total >> 32) & 0xFFFF) * mean,
        ((total >> 16) & 0xFFFF) * mean,
        ((total >> 48) & 0xFFFF) * mean,
    )


@compiled_in_place
def map_at(values: NDArray[np.float32], squares: float, x: float, y: float) -> float:
    """Bilinear value of a map with so many squares per metre, at x and y from its corner (m); 0 outside."""
    u, v = x * squares - 0.5, y * squares - 0.5
    rows, columns = values.shape
    if not (u >= 0.0 and v >= 0.0 and u < columns - 1.0 and v < rows - 1.0):
        return 0.0
    i, j = int(u), int(v)
    p, q = u - i, v - j
    upper = values[j, i] + (values[j, i + 1] - values[j, i]) * p
    lower = values[j + 1, i] + (values[j + 1, i + 1] - values[j + 1, i]) * p
    return float(upper + (lower - upper) * q)
