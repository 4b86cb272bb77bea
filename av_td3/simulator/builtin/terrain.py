"""Rays against the heights of a town's ground."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place
from av_td3.simulator.builtin.ground import RELIEF_SPACING

MAX_DISTANCE = 3000.0  # m along the ray's forward axis
CLOSE = 0.002  # m above the ground at which a ray has arrived
MAX_STEPS = 200


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


@compiled_in_place
def slope_along(relief: NDArray[np.float32], x: float, y: float, dx: float, dy: float) -> float:
    """How much the ground rises on the way from (x, y) to (x + dx, y + dy), m."""
    return 4.0 * (height_at(relief, x + 0.25 * dx, y + 0.25 * dy) - height_at(relief, x, y))


@compiled_in_place
def march(relief: NDArray[np.float32], steepest: float, x: float, y: float, z: float, dx: float, dy: float, dz: float) -> float:
    """How far along (dx, dy, dz) a ray from (x, y, z) meets the ground; infinity where it does not.

    A step is as long as the ground cannot rise to the ray within it, with slopes of at most ``steepest`` (Hart, "Sphere
    Tracing", The Visual Computer 12, 1996).
    """
    closing = steepest * math.sqrt(dx * dx + dy * dy) - dz
    if closing <= 0.0:
        return np.inf
    away = 0.0
    for _ in range(MAX_STEPS):
        gap = z + dz * away - height_at(relief, x + dx * away, y + dy * away)
        if gap < CLOSE:
            return away
        away += gap / closing
        if away > MAX_DISTANCE:
            return np.inf
    return away


def steepest_slope(relief: NDArray[np.float32]) -> float:
    """Bound of the slopes (m/m) of a relief."""
    rise = [float(np.abs(np.diff(relief, axis=axis)).max(initial=0.0)) for axis in (0, 1)]
    return math.hypot(*rise) / RELIEF_SPACING
