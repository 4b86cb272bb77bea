"""Fills convex polygons into an image with a depth buffer.

Points are (forward, right, up) of the camera, in metres; the depth buffer holds 1 / forward, which is linear in the image
(Hartley and Zisserman, "Multiple View Geometry", 2nd ed. 2004, section 8.1.1), and 0 where nothing has been drawn. Samples lie
at whole numbers, (0, 0) in the upper left.
"""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place

NEAR = 0.05  # m, near clipping plane
MAX_CORNERS = 16  # of a polygon, with those that clipping adds
Floats = NDArray[np.float64]


def new_scratch() -> Floats:
    """Working memory of ``fill_polygon``."""
    return np.empty((MAX_CORNERS, 3))


@compiled_in_place
def fill_polygon(
    corners: Floats,
    count: int,
    value: int,
    focal: float,
    center_u: float,
    center_v: float,
    depth: NDArray[np.float32],
    image: NDArray[np.uint32],
    scratch: Floats,
) -> None:
    """Write ``value`` where the polygon is nearer than what has been drawn before.

    Args:
        corners: float64 (at least ``count``, 3), planar and convex.
        count: number of corners.
        value: what is written into ``image``.
        focal: focal length in samples.
        center_u: column of the optical axis.
        center_v: row of the optical axis.
        depth: float32 (rows, columns).
        image: uint32 (rows, columns).
        scratch: of ``new_scratch``.

    """
    kept = 0  # corners in front of the near plane (Sutherland and Hodgman, "Reentrant Polygon Clipping", CACM 17(1), 1974)
    for i in range(count):
        j = i - 1 if i else count - 1
        if (corners[j, 0] >= NEAR) != (corners[i, 0] >= NEAR):
            share = (NEAR - corners[j, 0]) / (corners[i, 0] - corners[j, 0])
            scratch[kept, 0] = NEAR
            scratch[kept, 1] = corners[j, 1] + (corners[i, 1] - corners[j, 1]) * share
            scratch[kept, 2] = corners[j, 2] + (corners[i, 2] - corners[j, 2]) * share
            kept += 1
        if corners[i, 0] >= NEAR:
            scratch[kept, 0], scratch[kept, 1], scratch[kept, 2] = corners[i, 0], corners[i, 1], corners[i, 2]
            kept += 1
    if kept < 3:
        return
    # The plane of the polygon by Newell's method (Sutherland et al. 1974, ACM Computing Surveys 6(1)).
    nf, nr, nu = 0.0, 0.0, 0.0
    for i in range(count):
        j = i - 1 if i else count - 1
        nf += (corners[j, 1] - corners[i, 1]) * (corners[j, 2] + corners[i, 2])
        nr += (corners[j, 2] - corners[i, 2]) * (corners[j, 0] + corners[i, 0])
        nu += (corners[j, 0] - corners[i, 0]) * (corners[j, 1] + corners[i, 1])
    offset = nf * corners[0, 0] + nr * corners[0, 1] + nu * corners[0, 2]
    if offset == 0.0:
        return  # seen edge on
    top, bottom = np.inf, -np.inf
    for i in range(kept):
        inverse = 1.0 / scratch[i, 0]
        scratch[i, 1] = center_u + focal * scratch[i, 1] * inverse
        scratch[i, 2] = center_v - focal * scratch[i, 2] * inverse
        top, bottom = min(top, scratch[i, 2]), max(bottom, scratch[i, 2])
    step = np.float32(nr / (focal * offset))
    rows, columns = depth.shape
    for row in range(int(max(0.0, math.ceil(top))), int(min(rows - 1.0, math.floor(bottom))) + 1):
        left, right = np.inf, -np.inf
        for i in range(kept):
            j = i - 1 if i else kept - 1
            v0, v1 = scratch[j, 2], scratch[i, 2]
            if (v0 <= row) != (v1 <= row):
                u = scratch[j, 1] + (scratch[i, 1] - scratch[j, 1]) * ((row - v0) / (v1 - v0))
                left, right = min(left, u), max(right, u)
        if not left <= right:
            continue
        first, last = int(max(0.0, math.ceil(left))), int(min(columns - 1.0, math.floor(right)))
        if first > last:
            continue
        start = (nf + nr * (first - center_u) / focal - nu * (row - center_v) / focal) / offset
        z_row, i_row, near = depth[row, first : last + 1], image[row, first : last + 1], np.float32(start)
        for k in range(last - first + 1):
            z = near + step * np.float32(k)
            if z > z_row[k]:
                z_row[k] = z
                i_row[k] = value
