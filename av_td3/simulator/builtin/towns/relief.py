"""Draws the heights of a town on a grid."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.towns.ground import RELIEF_SPACING
from av_td3.simulator.builtin.towns.roads import Road

SAMPLE_STEP = 0.5  # m between the points of a reference line from which heights are taken
ROADSIDE = 7.0  # m from a reference line within which heights are the road's
SMOOTHING = 12.0  # m, standard deviation of the smoothing of what lies further away, between roads of different heights


def draw_relief(roads: list[Road], origin: tuple[float, float], shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """Heights of a town: beside a road, that of the nearest point of a reference line, along whose slope it continues.

    Args:
        roads: all roads.
        origin: x and y of the first height, m.
        shape: rows and columns.

    Returns:
        float32 (rows, columns), m; None where all roads are level at height 0.

    """
    if not any(road.elevation.rows[:, 1:].any() for road in roads):
        return None
    from scipy.spatial import cKDTree  # slow to import, and level towns do without

    lines, slopes = [], []
    for road in roads:
        s = np.linspace(0.0, road.length, math.ceil(road.length / SAMPLE_STEP) + 1)
        lines.append(road.line(s))
        slopes.append(road.elevation.slope(s))
    x, y, heading, z = np.concatenate(lines).T
    slope = np.concatenate(slopes)
    rows, columns = np.mgrid[: shape[0], : shape[1]] * RELIEF_SPACING
    points = np.stack([columns + origin[0], rows + origin[1]], axis=-1)
    away, nearest = cKDTree(np.column_stack([x, y])).query(points)
    along = (points[..., 0] - x[nearest]) * np.cos(heading[nearest]) + (points[..., 1] - y[nearest]) * np.sin(heading[nearest])
    heights = z[nearest] + slope[nearest] * np.clip(along, -SAMPLE_STEP, SAMPLE_STEP)
    smooth = cv2.GaussianBlur(heights, (0, 0), SMOOTHING / RELIEF_SPACING, borderType=cv2.BORDER_REPLICATE)
    beside = np.clip((away - ROADSIDE) / ROADSIDE, 0.0, 1.0)
    return np.asarray(heights + beside * (smooth - heights), np.float32)
