"""Compiled loops of the camera's low quality that fill in the ground and the sky, and average samples into pixels."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled, compiled_in_place
from av_td3.simulator.builtin.images.low_scene import Depth, Floats, Packed, blend
from av_td3.simulator.builtin.images.terrain import NO_GROUND, traced_at
from av_td3.simulator.builtin.towns.ground import RESOLUTION


@compiled_in_place
def haze_palette(palette: Packed, haze: Floats, away: float, hazed: Packed) -> None:
    """Fill ``hazed`` with the surfaces' colours at a distance, which is taken as that of the middle of a row."""
    if haze[0] > 0.0:
        share = 1.0 - math.exp(-haze[0] * max(0.0, away - haze[1]))
        for k in range(8):
            hazed[k] = blend(palette[k], palette[15], share)


@compiled_in_place
def fill_plain(color: int, depth: Depth, image: Packed) -> None:
    """Fill with one colour what has no depth in a row."""
    for column in range(len(depth)):
        if depth[column] == 0.0:
            image[column] = color


@compiled_in_place
def fill_straight(
    labels: NDArray[np.uint8], palette: Packed, x: float, y: float, dx: float, dy: float, depth: Depth, image: Packed
) -> None:
    """Fill with ground what has no depth in a row, which runs straight through the labels from (x, y)."""
    height, width = labels.shape
    end_x, end_y = x + dx * len(depth), y + dy * len(depth)
    inside = min(x, end_x) >= 0.0 and min(y, end_y) >= 0.0 and max(x, end_x) < width and max(y, end_y) < height
    for column in range(len(depth)):
        if depth[column] == 0.0:
            mx, my = x + dx * column, y + dy * column
            if inside or (mx >= 0.0 and my >= 0.0 and mx < width and my < height):
                image[column] = palette[labels[int(my), int(mx)]]
            else:
                image[column] = palette[0]


@compiled
def fill_level(
    labels: NDArray[np.uint8],
    palette: Packed,
    eye: Floats,
    rays: Floats,
    haze: Floats,
    sky: Packed,
    depth: Depth,
    image: Packed,
) -> None:
    """Fill with level ground and sky what has no depth.

    Args:
        labels: uint8, surfaces of ``Ground``.
        palette: uint32 (16,), packed colours of the surfaces; entry 15 is the fog's.
        eye: float64 (3,), x and y from the centre of the first label, z above the ground, m.
        rays: float64 (3, 3), from (column, row, 1) of a sample to the world direction of its ray.
        haze: as for ``draw_boxes``.
        sky: uint32 (n,), colours from the horizon to the zenith by the ray's z.
        depth: float32 (rows, columns).
        image: uint32 (rows, columns).

    """
    rows, columns = depth.shape
    height, width = labels.shape
    hazed = palette.copy()
    x0, y0 = eye[0] / RESOLUTION + 0.5, eye[1] / RESOLUTION + 0.5
    lift = eye[2] / RESOLUTION
    steps = len(sky) - 1
    for row in range(rows):
        x, y, z = rays[0, 1] * row + rays[0, 2], rays[1, 1] * row + rays[1, 2], rays[2, 1] * row + rays[2, 2]
        middle = -(z + rays[2, 0] * 0.5 * columns)
        haze_palette(palette, haze, eye[2] / max(middle, 1e-6), hazed)
        z_row, i_row = depth[row], image[row]
        if rays[2, 0] == 0.0:  # the camera does not roll, so that all of a row is equally far
            if z * lift >= 0.0:
                fill_plain(sky[min(steps, int(abs(z) * steps))], z_row, i_row)
            else:
                scale = -lift / z
                step_x, step_y = rays[0, 0] * scale, rays[1, 0] * scale
                fill_straight(labels, hazed, x0 + x * scale, y0 + y * scale, step_x, step_y, z_row, i_row)
            continue
        plain = hazed[0]
        for column in range(columns):
            if z_row[column] > 0.0:
                continue
            up = z + rays[2, 0] * column
            if up * lift >= 0.0:
                i_row[column] = sky[min(steps, int(abs(up) * steps))]
                continue
            scale = -lift / up
            mx, my = x0 + (x + rays[0, 0] * column) * scale, y0 + (y + rays[1, 0] * column) * scale
            if mx >= 0.0 and my >= 0.0 and mx < width and my < height:
                i_row[column] = hazed[labels[int(my), int(mx)]]
            else:
                i_row[column] = plain


@compiled
def fill_relief(
    labels: NDArray[np.uint8],
    traced: NDArray[np.float32],
    palette: Packed,
    eye: Floats,
    rays: Floats,
    haze: Floats,
    sky: Packed,
    depth: Depth,
    image: Packed,
) -> None:
    """Like ``fill_level``, for ground of which ``traced`` is the 1 / distance; it may hide what has been drawn."""
    rows, columns = depth.shape
    height, width = labels.shape
    hazed = palette.copy()
    x0, y0 = eye[0] / RESOLUTION + 0.5, eye[1] / RESOLUTION + 0.5
    steps = len(sky) - 1
    for row in range(rows):
        x, y, z = rays[0, 1] * row + rays[0, 2], rays[1, 1] * row + rays[1, 2], rays[2, 1] * row + rays[2, 2]
        middle = max(traced_at(traced, 0.5 * columns, row), NO_GROUND)
        haze_palette(palette, haze, 1.0 / middle, hazed)
        for column in range(columns):
            drawn = depth[row, column]
            inverse = traced_at(traced, column, row)
            if drawn > 0.0 and inverse * (0.99 - 0.05 * drawn) <= drawn:
                continue  # the ground is not nearer, by more than rounding
            if inverse < NO_GROUND:
                image[row, column] = sky[min(steps, int(abs(z + rays[2, 0] * column) * steps))]
                continue
            scale = 1.0 / (inverse * RESOLUTION)
            mx, my = x0 + (x + rays[0, 0] * column) * scale, y0 + (y + rays[1, 0] * column) * scale
            if mx >= 0.0 and my >= 0.0 and mx < width and my < height:
                image[row, column] = hazed[labels[int(my), int(mx)]]
            else:
                image[row, column] = hazed[0]


@compiled_in_place
def average(samples: Packed, image: Packed) -> None:
    """Average squares of two by two samples into ``image`` (rows, columns)."""
    rows, columns = image.shape
    for row in range(rows):
        upper, lower, out = samples[2 * row], samples[2 * row + 1], image[row]
        for column in range(columns):
            a, b = upper[2 * column], upper[2 * column + 1]
            c, d = lower[2 * column], lower[2 * column + 1]
            even = (a & 0xFF00FF) + (b & 0xFF00FF) + (c & 0xFF00FF) + (d & 0xFF00FF)
            odd = ((a >> 8) & 0xFF00FF) + ((b >> 8) & 0xFF00FF) + ((c >> 8) & 0xFF00FF) + ((d >> 8) & 0xFF00FF)
            out[column] = ((even >> 2) & 0xFF00FF) | (((odd >> 2) & 0xFF00FF) << 8)
