"""Repeatable randomness for textures: hashed numbers, and value noise from a table."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place

SIZE = 256  # of the table, after which noise repeats
Table = NDArray[np.float32]


@cache
def noise_table() -> Table:
    """Uniform random numbers from 0 to 1, ``float32 (SIZE, SIZE)``."""
    return np.random.default_rng(0).random((SIZE, SIZE), np.float32)


@compiled_in_place
def noise_at(table: Table, x: float, y: float) -> float:
    """Smooth noise from 0 to 1 with features of about one unit (Perlin, "An Image Synthesizer", SIGGRAPH 1985)."""
    fx, fy = math.floor(x), math.floor(y)
    i, j = int(fx) & (SIZE - 1), int(fy) & (SIZE - 1)
    u, v = x - fx, y - fy
    u, v = u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v)
    k, m = (i + 1) & (SIZE - 1), (j + 1) & (SIZE - 1)
    upper = table[j, i] + (table[j, k] - table[j, i]) * u
    lower = table[m, i] + (table[m, k] - table[m, i]) * u
    return float(upper + (lower - upper) * v)


@compiled_in_place
def chance(a: int, b: int, c: int) -> float:
    """Number from 0 to 1 that looks random, of three integers."""
    h = (a * 374761393 + b * 668265263 + c * 2246822519) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1103515245) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFFFF) / 16777216.0
