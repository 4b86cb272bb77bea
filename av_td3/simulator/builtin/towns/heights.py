"""The height of the ground at a point of a town's relief."""

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place
from av_td3.simulator.builtin.towns.ground import RELIEF_SPACING

LEVEL = np.zeros((1, 1), np.float32)  # the relief of a town without one


@compiled_in_place
def height_at(relief: NDArray[np.float32], x: float, y: float) -> float:
    """Height (m) at x and y from the first column and row (m), bilinear; beyond the border as at it."""
    rows, columns = relief.shape
    u = min(max(x / RELIEF_SPACING, 0.0), columns - 1.001)
    v = min(max(y / RELIEF_SPACING, 0.0), rows - 1.001)
    i, j = int(u), int(v)
    u, v = u - i, v - j
    upper = relief[j, i] * (1.0 - u) + relief[j, i + 1] * u
    lower = relief[j + 1, i] * (1.0 - u) + relief[j + 1, i + 1] * u
    return float(upper * (1.0 - v) + lower * v)
