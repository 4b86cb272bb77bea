"""The height of the ground at a point of a town's relief."""

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.ground import RELIEF_SPACING


@compiled
def height_at(relief: NDArray[np.float32], x0: float, y0: float, x: float, y: float) -> float:
    """Height of the ground at (x, y), m, or 0 outside of the grid.

    Args:
        relief: float32 (rows, columns), m, every ``RELIEF_SPACING`` from (x0, y0), rows along y.
        x0: x of the first column, m.
        y0: y of the first row, m.
        x: m.
        y: m.

    """
    u, v = (x - x0) / RELIEF_SPACING, (y - y0) / RELIEF_SPACING
    rows, columns = relief.shape
    if not (0.0 <= u <= columns - 1 and 0.0 <= v <= rows - 1):
        return 0.0
    i, j = min(int(v), rows - 2), min(int(u), columns - 2)
    p, q = v - i, u - j
    near = (1.0 - q) * relief[i, j] + q * relief[i, j + 1]
    far = (1.0 - q) * relief[i + 1, j] + q * relief[i + 1, j + 1]
    return float((1.0 - p) * near + p * far)
