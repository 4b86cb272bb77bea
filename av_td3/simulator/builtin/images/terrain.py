"""Rays against the heights of a town's ground."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place
from av_td3.simulator.builtin.towns.ground import RELIEF_SPACING
from av_td3.simulator.builtin.towns.heights import height_at

MAX_DISTANCE = 3000.0  # m along the ray's forward axis
MIN_STEP, STEP_SHARE = 0.5, 0.1  # m, and share of the distance
TRACE_SPACING = 8  # samples between rays; 1 / distance is linear in the image wherever the ground is a plane
SINK = 1.0  # m that walls reach into ground that slopes
NO_GROUND = 1e-4  # 1/m, below which a sample shows the sky
Floats = NDArray[np.float64]


@compiled_in_place
def slope_along(relief: NDArray[np.float32], x: float, y: float, dx: float, dy: float) -> float:
    """How much the ground rises on the way from (x, y) to (x + dx, y + dy), m."""
    return 4.0 * (height_at(relief, x + 0.25 * dx, y + 0.25 * dy) - height_at(relief, x, y))


@compiled_in_place
def march(relief: NDArray[np.float32], bounds: Floats, x: float, y: float, z: float, dx: float, dy: float, dz: float) -> float:
    """How far along (dx, dy, dz) a ray from (x, y, z) meets the ground; infinity where it does not.

    A step is as long as the ground cannot rise to the ray within it (Hart, "Sphere Tracing", The Visual Computer 12, 1996),
    but not shorter than a share of the distance: less of a ridge is not seen from there. The place where the ray has passed
    below the ground is then found by the rule of false position.
    """
    closing = bounds[0] * math.sqrt(dx * dx + dy * dy) - dz
    if closing <= 0.0:
        return np.inf
    before, above = 0.0, z - height_at(relief, x, y)
    if above <= 0.0:
        return 0.0
    while before < MAX_DISTANCE:
        if dz >= 0.0 and z + dz * before > bounds[1]:
            return np.inf
        away = before + max(above / closing, MIN_STEP + STEP_SHARE * before)
        gap = z + dz * away - height_at(relief, x + dx * away, y + dy * away)
        if gap <= 0.0:
            for _ in range(3):
                middle = before + (away - before) * above / (above - gap)
                between = z + dz * middle - height_at(relief, x + dx * middle, y + dy * middle)
                if between > 0.0:
                    before, above = middle, between
                else:
                    away, gap = middle, between
            return float(before + (away - before) * above / (above - gap))
        before, above = away, gap
    return np.inf


@compiled_in_place
def trace(relief: NDArray[np.float32], bounds: Floats, eye: Floats, rays: Floats, out: NDArray[np.float32]) -> None:
    """Fill a coarse map of 1 / distance to the ground.

    Args:
        relief: heights, m.
        bounds: of ``relief_bounds``.
        eye: float64 (3,), x and y from the first column and row, and z, m.
        rays: float64 (3, 3), from (column, row, 1) of a sample to the direction of its ray.
        out: float32 (rows, columns), every ``TRACE_SPACING`` samples; not above 0 where the sky is.

    """
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            u, v = float(i * TRACE_SPACING), float(j * TRACE_SPACING)
            dx = rays[0, 0] * u + rays[0, 1] * v + rays[0, 2]
            dy = rays[1, 0] * u + rays[1, 1] * v + rays[1, 2]
            dz = rays[2, 0] * u + rays[2, 1] * v + rays[2, 2]
            away = march(relief, bounds, eye[0], eye[1], eye[2], dx, dy, dz)
            # Above the horizon it continues as that of a plane would, so that the horizon lies between samples where it should.
            out[j, i] = 1.0 / max(away, 1e-3) if away < np.inf else -max(dz, 0.0) / max(1.0, eye[2])


@compiled_in_place
def traced_at(traced: NDArray[np.float32], column: float, row: float) -> float:
    """1 / distance to the ground at a sample; linear in the image between those of ``trace``, as for a plane."""
    u, v = column / TRACE_SPACING, row / TRACE_SPACING
    i, j = int(u), int(v)
    p, q = u - i, v - j
    upper = traced[j, i] + (traced[j, i + 1] - traced[j, i]) * p
    lower = traced[j + 1, i] + (traced[j + 1, i + 1] - traced[j + 1, i]) * p
    return float(upper + (lower - upper) * q)


def new_traced(rows: int, columns: int) -> NDArray[np.float32]:
    """A map for ``trace`` of an image with so many samples."""
    return np.empty((rows // TRACE_SPACING + 2, columns // TRACE_SPACING + 2), np.float32)


def relief_bounds(relief: NDArray[np.float32]) -> Floats:
    """Bound of the slopes (m/m) and of the heights (m) of a relief, ``float64 (2,)``."""
    rise = [float(np.abs(np.diff(relief, axis=axis)).max(initial=0.0)) for axis in (0, 1)]
    return np.array([math.hypot(*rise) / RELIEF_SPACING, float(relief.max(initial=0.0))])
