"""Compiled loops of the camera's low quality that draw what stands on the ground: boxes, crowns and poles.

Colours are packed: blue, green, red and alpha are the bytes of one uint32, blue lowest.
"""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled, compiled_in_place
from av_td3.simulator.builtin.images.raster import fill_polygon

FAR = 120.0  # m, boxes further away are not drawn
FACES = 5  # of a box: front, rear, right, left, top
Floats = NDArray[np.float64]
Packed = NDArray[np.uint32]
Depth = NDArray[np.float32]


@compiled_in_place
def blend(color: int, other: int, share: float) -> int:
    """Packed ``color``, with this share of ``other``."""
    out, weight = 0xFF000000, int(256.0 * share)
    for shift in (0, 8, 16):
        a, b = (color >> shift) & 255, (other >> shift) & 255
        out |= (a + (((b - a) * weight) >> 8)) << shift
    return out


@compiled
def draw_boxes(
    boxes: Floats,
    colors: Packed,
    eye: Floats,
    rotation: Floats,
    lens: Floats,
    haze: Floats,
    fog: int,
    depth: Depth,
    image: Packed,
    scratch: Floats,
) -> None:
    """Draw boxes of any orientation.

    Args:
        boxes: float64 (n, 12), centre and the three half axes in the world's frame, m.
        colors: uint32 (n, 5), of the faces.
        eye: float64 (3,), m.
        rotation: float64 (3, 3), whose columns are the camera's forward, right and up.
        lens: float64 (4,), focal length and optical axis in samples, and the tangent of half the field of view.
        haze: float64 (2,), extinction in 1/m, and the distance at which it begins.
        fog: its packed colour.
        depth: float32 (rows, columns).
        image: uint32 (rows, columns).
        scratch: of ``new_scratch``.

    """
    focal, cu, cv, reach = lens[0], lens[1], lens[2], lens[3]
    axes, corners = np.empty((3, 3)), np.empty((4, 3))
    for n in range(len(boxes)):
        x, y, z = boxes[n, 0] - eye[0], boxes[n, 1] - eye[1], boxes[n, 2] - eye[2]
        radius = 0.0
        for a in range(3):
            p, q, r = boxes[n, 3 + 3 * a], boxes[n, 4 + 3 * a], boxes[n, 5 + 3 * a]
            radius += math.sqrt(p * p + q * q + r * r)
        forward = x * rotation[0, 0] + y * rotation[1, 0] + z * rotation[2, 0]
        right = x * rotation[0, 1] + y * rotation[1, 1] + z * rotation[2, 1]
        if forward + radius < 0.0 or forward - radius > FAR or abs(right) - reach * forward > radius * (1.0 + reach):
            continue
        up = x * rotation[0, 2] + y * rotation[1, 2] + z * rotation[2, 2]
        for a in range(3):
            p, q, r = boxes[n, 3 + 3 * a], boxes[n, 4 + 3 * a], boxes[n, 5 + 3 * a]
            for k in range(3):
                axes[a, k] = p * rotation[0, k] + q * rotation[1, k] + r * rotation[2, k]
        share = 1.0 - math.exp(-haze[0] * max(0.0, math.sqrt(x * x + y * y + z * z) - haze[1]))
        for face in range(FACES):
            a, sign = face // 2, 1.0 - 2.0 * (face % 2)
            b, c = (a + 1) % 3, (a + 2) % 3
            mf, mr, mu = forward + sign * axes[a, 0], right + sign * axes[a, 1], up + sign * axes[a, 2]
            if sign * (mf * axes[a, 0] + mr * axes[a, 1] + mu * axes[a, 2]) >= 0.0:
                continue  # its outer side is turned away
            for k in range(4):
                s, t = (1.0 if k in (0, 3) else -1.0), (1.0 if k < 2 else -1.0)
                corners[k, 0] = mf + s * axes[b, 0] + t * axes[c, 0]
                corners[k, 1] = mr + s * axes[b, 1] + t * axes[c, 1]
                corners[k, 2] = mu + s * axes[b, 2] + t * axes[c, 2]
            fill_polygon(corners, 4, blend(colors[n, face], fog, share), focal, cu, cv, depth, image, scratch)


@compiled
def draw_uprights(
    uprights: Floats,
    colors: Packed,
    eye: Floats,
    rotation: Floats,
    lens: Floats,
    haze: Floats,
    fog: int,
    depth: Depth,
    image: Packed,
    scratch: Floats,
) -> None:
    """Draw regular polygons, stretched to their size, that face the camera: crowns, trunks and poles.

    Args:
        uprights: float64 (n, 6), centre, half width and half height (m), and the number of corners, 4 or 8.
        colors: uint32 (n,).
        eye: as for ``draw_boxes``.
        rotation: as for ``draw_boxes``.
        lens: as for ``draw_boxes``.
        haze: as for ``draw_boxes``.
        fog: as for ``draw_boxes``.
        depth: as for ``draw_boxes``.
        image: as for ``draw_boxes``.
        scratch: as for ``draw_boxes``.

    """
    focal, cu, cv, reach = lens[0], lens[1], lens[2], lens[3]
    corners = np.empty((8, 3))
    for n in range(len(uprights)):
        x, y, z = uprights[n, 0] - eye[0], uprights[n, 1] - eye[1], uprights[n, 2] - eye[2]
        forward = x * rotation[0, 0] + y * rotation[1, 0] + z * rotation[2, 0]
        right = x * rotation[0, 1] + y * rotation[1, 1] + z * rotation[2, 1]
        radius = uprights[n, 3] + uprights[n, 4]
        if forward < 0.3 or forward > FAR or abs(right) - reach * forward > radius * (1.0 + reach):
            continue
        share = 1.0 - math.exp(-haze[0] * max(0.0, math.sqrt(x * x + y * y + z * z) - haze[1]))
        sides = int(uprights[n, 5])
        shrink = math.cos(math.pi / sides)
        # The camera's right and the world's up span the polygon, so that it stands upright when the camera looks down or rolls.
        for k in range(sides):
            angle = math.pi * (2 * k + 1) / sides
            s, t = uprights[n, 3] * math.cos(angle) / shrink, z + uprights[n, 4] * math.sin(angle) / shrink
            p, q = x + s * rotation[0, 1], y + s * rotation[1, 1]
            corners[k, 0] = p * rotation[0, 0] + q * rotation[1, 0] + t * rotation[2, 0]
            corners[k, 1] = p * rotation[0, 1] + q * rotation[1, 1] + t * rotation[2, 1]
            corners[k, 2] = p * rotation[0, 2] + q * rotation[1, 2] + t * rotation[2, 2]
        fill_polygon(corners, sides, blend(colors[n], fog, share), focal, cu, cv, depth, image, scratch)
