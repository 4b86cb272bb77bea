"""Heights of a town's ground."""

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled

SPACING = 2.0  # m between heights


@compiled
def height_at(relief: NDArray[np.float32], x0: float, y0: float, x: float, y: float) -> float:
    """Height (m) at a point, bilinear between the heights of ``relief``; 0 outside, and for an array without rows."""
    column, row = (x - x0) / SPACING, (y - y0) / SPACING
    i, j = int(np.floor(row)), int(np.floor(column))
    if i < 0 or j < 0 or i + 1 >= relief.shape[0] or j + 1 >= relief.shape[1]:
        return 0.0
    down, right = row - i, column - j
    upper = relief[i, j] + (relief[i, j + 1] - relief[i, j]) * right
    lower = relief[i + 1, j] + (relief[i + 1, j + 1] - relief[i + 1, j]) * right
    return float(upper + (lower - upper) * down)
