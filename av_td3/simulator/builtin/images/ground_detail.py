"""What the ground's surfaces look like from near: grain, cracks, patches, slabs and blades."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place
from av_td3.simulator.builtin.images.noise import Table, chance, noise_at
from av_td3.simulator.builtin.towns.ground import Surface

SLAB = 0.6  # m, side of a pavement slab
PATCH = 9.0  # m, squares of asphalt of which some have been mended
# The fourth channel of a texture says what a texel is made of; edges lie between two of them.
SOIL, PAVEMENT, KERBSTONE, ROAD, MARK = 0, 90, 130, 200, 255

TEXELS = {  # blue, green, red, material
    Surface.GRASS: (50, 108, 82, SOIL),
    Surface.GRASS_DARK: (50, 108, 82, SOIL),
    Surface.ASPHALT: (96, 93, 91, ROAD),
    Surface.ASPHALT_DARK: (96, 93, 91, ROAD),
    Surface.SIDEWALK: (150, 158, 163, PAVEMENT),
    Surface.KERB: (172, 178, 182, KERBSTONE),
    Surface.WHITE_MARK: (232, 234, 236, MARK),
    Surface.YELLOW_MARK: (48, 178, 232, MARK),
}


def texel_palette() -> NDArray[np.uint8]:
    """Texels of all labels, ``uint8 (256, 4)``; unknown ones are grass."""
    out = np.empty((256, 4), np.uint8)
    out[:] = TEXELS[Surface.GRASS]
    for surface, texel in TEXELS.items():
        out[surface] = texel
    return out


def spread(palette: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Texels with 16 bits for each channel, as ``shrink_labels`` takes them."""
    return np.asarray((palette.astype(np.int64) << np.array([0, 16, 32, 48])).sum(axis=1), np.int64)


@compiled_in_place
def add_detail(texture: NDArray[np.uint8], x0: float, y0: float, size: float, table: Table) -> None:
    """Vary the colours of a texture.

    Args:
        texture: uint8 (rows, columns, 4), blue, green, red, material.
        x0: x of the corner of the first texel, m.
        y0: y of the corner of the first texel, m.
        size: of a texel, m.
        table: of ``noise_table``.

    """
    fine = min(1.0, 0.025 / size)  # coarse texels hold the average of many grains
    medium = min(1.0, 0.2 / size)
    rows, columns = texture.shape[:2]
    for j in range(rows):
        y = y0 + (j + 0.5) * size
        for i in range(columns):
            x = x0 + (i + 0.5) * size
            material = texture[j, i, 3]
            wide = noise_at(table, x / 7.0, y / 7.0) + 0.6 * noise_at(table, x / 2.3, y / 2.3) - 0.8
            grain = fine * (chance(math.floor(x / size), math.floor(y / size), 1) - 0.5)
            blue, green, red = 1.0, 1.0, 1.0
            if material < 45:
                tuft = medium * (noise_at(table, x * 3.1, y * 3.1) - 0.5) + 0.6 * fine * (
                    noise_at(table, x * 19.0, y * 19.0) - 0.5
                )
                bright = 1.0 + 0.22 * wide + 0.5 * tuft + 0.35 * grain
                dry = max(0.0, noise_at(table, x / 11.0 + 40.0, y / 11.0) - 0.45)
                blue, green, red = bright * (1.0 - 0.2 * dry), bright, bright * (1.0 + 0.75 * dry)
            elif material < 120:
                p, q = x / SLAB, y / SLAB
                tone = medium * (chance(math.floor(p), math.floor(q), 2) - 0.5)
                edge = SLAB * min(
                    min(p - math.floor(p), math.floor(p) + 1.0 - p), min(q - math.floor(q), math.floor(q) + 1.0 - q)
                )
                joint = fine * 0.3 * max(0.0, 1.0 - edge / 0.022)
                bright = 1.0 + 0.1 * wide + 0.13 * tone + 0.10 * grain - joint
                blue, green, red = bright, bright, bright * (1.0 + 0.03 * tone)
            elif material < 150:
                blue = green = red = 1.0 + 0.08 * wide + 0.1 * grain
            else:
                stain = medium * (noise_at(table, x * 1.7, y * 1.7) - 0.5)
                bright = 1.0 + 0.10 * wide + 0.10 * stain + 0.30 * grain
                p, q = math.floor(x / PATCH), math.floor(y / PATCH)
                if chance(p, q, 3) < 0.16:  # mended with fresher asphalt
                    left, top = (p + 0.1 + 0.4 * chance(p, q, 4)) * PATCH, (q + 0.1 + 0.4 * chance(p, q, 5)) * PATCH
                    wide_x, wide_y = 1.0 + 2.5 * chance(p, q, 6), 1.0 + 2.5 * chance(p, q, 7)
                    if left < x < left + wide_x and top < y < top + wide_y:
                        bright *= 0.86
                        if min(min(x - left, left + wide_x - x), min(y - top, top + wide_y - y)) < 0.04:
                            bright *= 0.85
                if size < 0.1 and noise_at(table, x / 5.0 + 9.0, y / 5.0) > 0.62:
                    wander = 0.35 * noise_at(table, x * 4.0, y * 4.0)
                    crack = abs(noise_at(table, x * 0.7 + wander, y * 0.7 + wander) - 0.5)
                    if crack < 0.012:
                        bright *= 0.68 + 0.3 * crack / 0.012
                if material > 225:  # paint, worn where the grain comes through
                    bright = 1.0 + 0.4 * (bright - 1.0)
                blue = green = red = bright
            texture[j, i, 0] = int(min(255.0, max(0.0, texture[j, i, 0] * blue)))
            texture[j, i, 1] = int(min(255.0, max(0.0, texture[j, i, 1] * green)))
            texture[j, i, 2] = int(min(255.0, max(0.0, texture[j, i, 2] * red)))


@compiled_in_place
def shrink_labels(labels: NDArray[np.uint8], palette: NDArray[np.int64], texture: NDArray[np.uint32]) -> None:
    """Average the texels of four by four labels into each of ``texture``, packed, uint32 (rows, columns).

    In ``palette``, int64 (256,), the four channels of a texel have 16 bits each.
    """
    rows, columns = texture.shape
    for j in range(rows):
        for i in range(columns):
            total = 0x0008000800080008  # half of 16, to round
            for y in range(4 * j, 4 * j + 4):
                for x in range(4 * i, 4 * i + 4):
                    total += palette[labels[y, x]]
            mean = (total >> 4) & 0x00FF00FF00FF00FF
            texture[j, i] = (mean & 0xFF) | ((mean >> 8) & 0xFF00) | ((mean >> 16) & 0xFF0000) | ((mean >> 24) & 0xFF000000)
