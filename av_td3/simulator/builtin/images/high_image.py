"""Makes an image in high quality of what its samples show: each pixel has two by two of them."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place
from av_td3.simulator.builtin.images.ground_lookup import Texels
from av_td3.simulator.builtin.images.high_scene import CROWNS
from av_td3.simulator.builtin.images.noise import Table
from av_td3.simulator.builtin.images.shading import Floats, Map, shade_crown, shade_face, shade_ground
from av_td3.simulator.builtin.images.sky import sky_color, through_air
from av_td3.simulator.builtin.images.terrain import NO_GROUND, slope_along, traced_at

SKY_DISTANCE = 1500.0  # m of air in front of the sky at the horizon


@compiled_in_place
def shade_image(
    view: Floats,
    air: Floats,
    depth: NDArray[np.float32],
    ids: NDArray[np.uint32],
    looks: Floats,
    crowns: Floats,
    tiles: Texels,
    slots: NDArray[np.int32],
    far: Texels,
    far_sizes: NDArray[np.int64],
    shadows: Map,
    car_shade: Map,
    contact: Map,
    lamps: Map,
    beams: Map,
    relief: Map,
    places: Floats,
    corner: Floats,
    traced: Map,
    table: Table,
    scratch: Floats,
    image: NDArray[np.float32],
    mirrors: NDArray[np.float32],
) -> None:
    """Shade all pixels. Samples of a pixel that show the same are shaded once.

    Args:
        view: as for ``draw_faces``.
        air: of ``air_of``.
        depth: float32 (2 * rows, 2 * columns).
        ids: uint32 (2 * rows, 2 * columns).
        looks: of all ``Faces``, in the order of their numbers.
        crowns: as for ``draw_crowns``.
        tiles: as for ``shade_ground``, like what follows up to ``beams``.
        slots: see ``tiles``.
        far: see ``tiles``.
        far_sizes: see ``tiles``.
        shadows: see ``tiles``.
        car_shade: see ``tiles``.
        contact: see ``tiles``.
        lamps: see ``tiles``.
        beams: see ``tiles``.
        relief: heights of the ground, with no element where it is level.
        places: as for ``shade_ground``.
        corner: float64 (3,), x and y of the ground's corner and 0.
        traced: of ``trace``, where there is a relief.
        table: of ``noise_table``.
        scratch: float64 (2, 3), working memory.
        image: float32 (rows, columns, 3), linear colours.
        mirrors: float32 (rows, columns), how much of what is above is mirrored; -1 where there is no ground.

    """
    rows, columns = mirrors.shape
    focal, cu, cv = view[12], view[13], view[14]
    pixel, per_focal = 2.0 / focal, 1.0 / focal
    out, extra = scratch[0], scratch[1]
    for row in range(rows):
        for column in range(columns):
            total_b, total_g, total_r, mirror = 0.0, 0.0, 0.0, 0.0
            done = 0  # bits of the samples that have been shaded
            first = ids[2 * row, 2 * column]
            same = (
                first == ids[2 * row, 2 * column + 1]
                and first == ids[2 * row + 1, 2 * column]
                and first == ids[2 * row + 1, 2 * column + 1]
            )
            for sample in range(4):
                if done & (1 << sample):
                    continue
                j, i = 2 * row + sample // 2, 2 * column + sample % 2
                number, drawn = ids[j, i], depth[j, i]
                weight, v, u = 0.25, float(j), float(i)
                if same:
                    weight, v, u, done = 1.0, 2.0 * row + 0.5, 2.0 * column + 0.5, 15
                    drawn = 0.25 * (drawn + depth[j, i + 1] + depth[j + 1, i] + depth[j + 1, i + 1])
                else:
                    for other in range(sample + 1, 4):
                        if ids[2 * row + other // 2, 2 * column + other % 2] == number:
                            done |= 1 << other
                            weight += 0.25
                p, q = (u - cu) * per_focal, (cv - v) * per_focal
                dx, dy = view[3] + p * view[4] + q * view[5], view[6] + p * view[7] + q * view[8]
                dz = view[9] + p * view[10] + q * view[11]
                norm = math.sqrt(1.0 + p * p + q * q)
                away, rise = np.inf, 0.0
                if relief.size:
                    inverse = traced_at(traced, u, v)
                    away = 1.0 / inverse if inverse > NO_GROUND else np.inf
                    if number and away * drawn < 0.99 - 0.05 * drawn:
                        number = 0
                    if number == 0 and away < np.inf:
                        rise = slope_along(relief, view[0] + dx * away - corner[0], view[1] + dy * away - corner[1], dx, dy)
                elif number == 0 and dz * view[2] < 0.0:
                    away = -view[2] / dz
                distance = norm / drawn if number else norm * away
                if number >= CROWNS:
                    scale = 1.0 / drawn
                    x, y, z = view[0] + dx * scale, view[1] + dy * scale, view[2] + dz * scale
                    shade_crown(air, crowns, number - CROWNS, view, lamps, beams, places, corner, x, y, z, distance, table, out)
                    mirror = -1.0
                elif number:
                    scale = 1.0 / drawn
                    x, y, z = view[0] + dx * scale, view[1] + dy * scale, view[2] + dz * scale
                    shade_face(
                        air, looks, number - 1, shadows, lamps, beams, relief, places, corner, x, y, z,
                        dx / norm, dy / norm, dz / norm, distance, pixel, table, extra, out,
                    )  # fmt: skip
                    mirror = -1.0
                elif distance < 20000.0:
                    per_flat = 1.0 / max(1e-9, math.sqrt(dx * dx + dy * dy))
                    x, y = view[0] + dx * away - corner[0], view[1] + dy * away - corner[1]
                    mirror = shade_ground(
                        air, tiles, slots, far, far_sizes, shadows, car_shade, contact, lamps, beams, places,
                        x, y, (dz - rise) * away, distance, pixel, dx * per_flat, dy * per_flat, table, out,
                    )  # fmt: skip
                else:
                    sky_color(air, table, dx / norm, dy / norm, dz / norm, out)
                    through_air(air, SKY_DISTANCE * math.exp(-7.0 * max(0.0, dz / norm)), out)
                    mirror = -1.0
                total_b += weight * out[0]
                total_g += weight * out[1]
                total_r += weight * out[2]
            image[row, column, 0], image[row, column, 1], image[row, column, 2] = total_b, total_g, total_r
            mirrors[row, column] = mirror


@compiled_in_place
def expose(light: NDArray[np.float32], out: NDArray[np.uint8]) -> None:
    """Linear light ``(n,)`` to values of an image ``(n,)``: a soft shoulder, then a gamma of 2."""
    zero, one, top = np.float32(0.0), np.float32(1.0), np.float32(255.0)
    for n in range(len(light)):
        x = max(zero, light[n])
        out[n] = min(top, top * np.sqrt(x * (one + np.float32(0.06) * x) / (one + np.float32(0.3) * x)))
