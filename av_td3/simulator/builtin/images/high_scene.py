"""Compiled loops that find out what each sample of an image in high quality shows: its depth, and the number of a face.

Numbers start at 1; 0 is ground or sky. Crowns of trees have the numbers from ``CROWNS`` on.
"""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.images.raster import fill_polygon

FAR = 400.0  # m
CROWNS = 1 << 24
LEAVES = 128  # pixels along a side of a crown's mask
Floats = NDArray[np.float64]


@compiled
def draw_faces(
    corners: Floats,
    counts: NDArray[np.int64],
    looks: Floats,
    first: int,
    view: Floats,
    depth: NDArray[np.float32],
    ids: NDArray[np.uint32],
    scratch: Floats,
) -> None:
    """Draw polygons that are turned to the camera.

    Args:
        corners: of ``Faces``.
        counts: of ``Faces``.
        looks: of ``Faces``.
        first: number of the first of them.
        view: float64 (16,), position (3), rotation (9), focal length, optical axis (2), tangent of half the field of view.
        depth: float32 (rows, columns).
        ids: uint32 (rows, columns).
        scratch: of ``new_scratch``.

    """
    focal, cu, cv, reach = view[12], view[13], view[14], view[15]
    seen = np.empty((corners.shape[1], 3))
    steep = reach * len(depth) / depth.shape[1]
    for n in range(len(counts)):
        x, y, z = corners[n, 0, 0] - view[0], corners[n, 0, 1] - view[1], corners[n, 0, 2] - view[2]
        if x * looks[n, 4] + y * looks[n, 5] + z * looks[n, 6] >= 0.0 or x * x + y * y > FAR * FAR:
            continue
        ahead, left, right, above, below = False, True, True, True, True
        for k in range(counts[n]):
            x, y, z = corners[n, k, 0] - view[0], corners[n, k, 1] - view[1], corners[n, k, 2] - view[2]
            f = x * view[3] + y * view[6] + z * view[9]
            r = x * view[4] + y * view[7] + z * view[10]
            u = x * view[5] + y * view[8] + z * view[11]
            seen[k, 0], seen[k, 1], seen[k, 2] = f, r, u
            ahead |= f > 0.0
            left &= r < -reach * f
            right &= r > reach * f
            above &= u > steep * f
            below &= u < -steep * f
        if ahead and not (left or right or above or below):
            fill_polygon(seen, counts[n], first + n, focal, cu, cv, depth, ids, scratch)


@compiled
def draw_crowns(
    crowns: Floats, masks: NDArray[np.uint8], view: Floats, depth: NDArray[np.float32], ids: NDArray[np.uint32]
) -> None:
    """Draw crowns of trees, which always face the camera, with the holes between their leaves.

    Args:
        crowns: float64 (n, 5), centre, radius and half height, m.
        masks: uint8 (kinds, LEAVES, LEAVES), 0 where a crown is open.
        view: as for ``draw_faces``.
        depth: as for ``draw_faces``.
        ids: as for ``draw_faces``.

    """
    focal, cu, cv, reach = view[12], view[13], view[14], view[15]
    rows, columns = depth.shape
    for n in range(len(crowns)):
        x, y, z = crowns[n, 0] - view[0], crowns[n, 1] - view[1], crowns[n, 2] - view[2]
        f = x * view[3] + y * view[6] + z * view[9]
        r = x * view[4] + y * view[7] + z * view[10]
        u = x * view[5] + y * view[8] + z * view[11]
        size = max(crowns[n, 3], crowns[n, 4])
        if f < 0.5 or f > FAR or abs(r) - reach * f > size * (1.0 + reach):
            continue
        inverse = 1.0 / f
        middle_u, middle_v = cu + focal * r * inverse, cv - focal * u * inverse
        half_u, half_v = focal * crowns[n, 3] * inverse, focal * crowns[n, 4] * inverse
        mask, near = masks[n % len(masks)], np.float32(inverse)
        scale_u, scale_v = 0.5 * LEAVES / half_u, 0.5 * LEAVES / half_v
        first, last = int(max(0.0, math.ceil(middle_u - half_u))), int(min(columns - 1.0, middle_u + half_u))
        for row in range(int(max(0.0, math.ceil(middle_v - half_v))), int(min(rows - 1.0, middle_v + half_v)) + 1):
            j = min(LEAVES - 1, int((row - middle_v + half_v) * scale_v))
            for column in range(first, last + 1):
                if depth[row, column] < near:
                    i = min(LEAVES - 1, int((column - middle_u + half_u) * scale_u))
                    if mask[j, i]:
                        depth[row, column] = near
                        ids[row, column] = CROWNS + n
