"""Shades every pixel of an image in high quality, from what its samples show."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_inline
from av_td3.simulator.builtin.images.ground_lookup import Texels, ground_texel, map_at
from av_td3.simulator.builtin.images.noise import Table, noise_at
from av_td3.simulator.builtin.images.shadows import BEAM_CELL, CAR_CELL, LAMP_CELL, SHADOW_CELL
from av_td3.simulator.builtin.images.sky import DAY, LAMPS, sky_color, through_air
from av_td3.simulator.builtin.images.walls import wall_color
from av_td3.simulator.builtin.towns.heights import height_at

LAMP_BLUE, LAMP_GREEN, LAMP_RED = 0.34, 0.62, 0.95  # light below a street lamp
BEAM_BLUE, BEAM_GREEN, BEAM_RED = 1.25, 1.38, 1.42  # light in front of headlights
SHADOW_SQUARES, CAR_SQUARES, LAMP_SQUARES, BEAM_SQUARES = 1.0 / SHADOW_CELL, 1.0 / CAR_CELL, 1.0 / LAMP_CELL, 1.0 / BEAM_CELL
Floats = NDArray[np.float64]
Map = NDArray[np.float32]


@compiled_inline
def lamps_at(air: Floats, lamps: Map, beams: Map, places: Floats, x: float, y: float) -> tuple[float, float]:
    """Light of lamps and of headlights above a point of the ground, at x and y from the ground's corner."""
    if air[DAY] > 0.95:
        return 0.0, 0.0
    lamp = map_at(lamps, LAMP_SQUARES, x, y) if air[LAMPS] > 0.0 else 0.0
    return lamp, map_at(beams, BEAM_SQUARES, x - places[2], y - places[3])


@compiled_inline
def shade_ground(
    air: Floats,
    tiles: Texels,
    slots: NDArray[np.int32],
    far: Texels,
    far_sizes: NDArray[np.int64],
    shadows: Map,
    car_shade: Map,
    contact: Map,
    lamps: Map,
    beams: Map,
    places: Floats,
    x: float,
    y: float,
    height: float,
    distance: float,
    pixel: float,
    dx: float,
    dy: float,
    table: Table,
    out: Floats,
) -> float:
    """Colour of the ground; returns how much it mirrors.

    Args:
        air: of ``air_of``.
        tiles: of ``GroundTexture``, like ``slots``, ``far`` and ``far_sizes``.
        slots: see ``tiles``.
        far: see ``tiles``.
        far_sizes: see ``tiles``.
        shadows: map of what does not move, 0 to 1.
        car_shade: map of cars' shadows.
        contact: map of the darkness below cars.
        lamps: map of the light of street lamps.
        beams: map of the light of headlights.
        places: float64 (4,), x and y of the corners of the cars' maps and of the headlights', from the ground's corner.
        x: from the ground's corner, m.
        y: from the ground's corner, m.
        height: of the eye above its plane, m.
        distance: from the eye, m.
        pixel: size of a pixel at a distance of 1 m.
        dx: unit vector along the ray on the ground, with ``dy``.
        dy: see ``dx``.
        table: of ``noise_table``.
        out: float64 (3,), the colour, linear.

    """
    short = pixel * distance
    long = short * distance / max(abs(height), 0.1)
    texel = ground_texel(tiles, slots, far, far_sizes, x, y, short, long, dx, dy)
    shadow = map_at(shadows, SHADOW_SQUARES, x, y)
    car_x, car_y = x - places[0], y - places[1]
    shadow = max(shadow, map_at(car_shade, CAR_SQUARES, car_x, car_y))
    under = 1.0 - map_at(contact, CAR_SQUARES, car_x, car_y)
    sun = max(0.0, air[2]) * (1.0 - 0.96 * shadow)
    lamp, beam = lamps_at(air, lamps, beams, places, x, y)
    grain = 1.0
    if short < 0.02:  # finer than a texel
        grain += 0.22 * (noise_at(table, x * 110.0, y * 110.0) - 0.5) * (1.0 - short / 0.02)
    road = min(1.0, texel[3] / 200.0)
    mirror = 0.0
    if air[22] > 0.0:
        # Water fills the pores of stone, and darkens it; in hollows it stands.
        hollow = noise_at(table, x / 3.1, y / 3.1) * 0.65 + noise_at(table, x / 0.9, y / 0.9) * 0.35
        puddle = min(1.0, max(0.0, (hollow - 1.0 + 0.62 * air[22]) * 7.0))
        wet = air[22] * road
        grain *= 1.0 - 0.42 * wet - 0.25 * puddle * road
        grazing = 1.0 - min(1.0, abs(height) / max(distance, 1e-6))
        fresnel = 0.04 + 0.9 * grazing**5  # Schlick, "An Inexpensive BRDF Model", Computer Graphics Forum 13(3), 1994
        mirror = min(0.9, wet * fresnel * (0.55 + 0.45 * puddle) + 0.10 * puddle * road)
    grain /= 255.0 * 255.0
    blue, green, red = texel[0], texel[1], texel[2]
    out[0] = blue * blue * grain * ((air[6] + air[3] * sun) * under + LAMP_BLUE * lamp + BEAM_BLUE * beam)
    out[1] = green * green * grain * ((air[7] + air[4] * sun) * under + LAMP_GREEN * lamp + BEAM_GREEN * beam)
    out[2] = red * red * grain * ((air[8] + air[5] * sun) * under + LAMP_RED * lamp + BEAM_RED * beam)
    through_air(air, distance, out)
    return mirror


@compiled_inline
def shade_face(
    air: Floats,
    looks: Floats,
    face: int,
    shadows: Map,
    lamps: Map,
    beams: Map,
    relief: Map,
    places: Floats,
    corner: Floats,
    x: float,
    y: float,
    z: float,
    rx: float,
    ry: float,
    rz: float,
    distance: float,
    pixel: float,
    table: Table,
    extra: Floats,
    out: Floats,
) -> None:
    """Colour of a polygon at a point, seen along the unit vector (rx, ry, rz)."""
    material, nx, ny, nz = int(looks[face, 0]), looks[face, 4], looks[face, 5], looks[face, 6]
    facing = -(rx * nx + ry * ny + rz * nz)
    blur = pixel * distance / max(0.15, facing)
    glass, window, gloss = 0.0, 0.0, 0.0
    out[0], out[1], out[2] = looks[face, 1], looks[face, 2], looks[face, 3]
    if material == 3:
        u = (x - looks[face, 7]) * looks[face, 10] + (y - looks[face, 8]) * looks[face, 11]
        glass, window = wall_color(looks, face, u, z - looks[face, 9], blur, air[23], table, out)
    elif material == 4:
        row = (z - looks[face, 9]) * 4.2 / max(0.25, math.sqrt(1.0 - nz * nz))
        shade = 1.0 - 0.25 * (row - math.floor(row)) * min(1.0, 0.1 / blur)
        shade *= 0.9 + 0.25 * noise_at(table, x * 0.7 + looks[face, 15], y * 0.7)
        for k in range(3):
            out[k] *= shade
    elif material == 5:
        shade = 0.8 + 0.3 * noise_at(table, x * 0.6 + looks[face, 15], y * 0.6) + 0.1 * noise_at(table, x * 6.0, y * 6.0)
        for k in range(3):
            out[k] *= shade
    elif material == 2:
        glass = 1.0
    elif material == 1:
        gloss = 0.04 + 0.4 * (1.0 - max(0.0, facing)) ** 4
    gx, gy = x - corner[0], y - corner[1]
    up = z - (height_at(relief, gx, gy) if relief.size else 0.0)
    sun = max(0.0, air[0] * nx + air[1] * ny + air[2] * nz)
    if sun > 0.0 and material < 3 and air[2] > 0.02:  # cars stand in the shadow of what is beside the road
        reach = min(60.0, max(0.0, up) / air[2])
        sun *= 1.0 - 0.96 * map_at(shadows, SHADOW_SQUARES, gx - air[0] * reach, gy - air[1] * reach)
    lamp, beam = lamps_at(air, lamps, beams, places, gx + 0.3 * nx, gy + 0.3 * ny)
    lamp *= 0.5 * max(0.0, 1.0 - up / 9.0) + 0.1
    beam *= max(0.0, 1.0 - up / 3.2) * (0.25 + 0.75 * abs(nx * rx + ny * ry))
    open_sky = (0.62 + 0.38 * nz) * (0.72 + 0.28 * min(1.0, max(0.0, up) / 2.5))
    own = 4.0 * looks[face, 16] * (air[LAMPS] if looks[face, 17] else 1.0)
    out[0] *= air[6] * open_sky + air[3] * sun + LAMP_BLUE * lamp + BEAM_BLUE * beam + own
    out[1] *= air[7] * open_sky + air[4] * sun + LAMP_GREEN * lamp + BEAM_GREEN * beam + own
    out[2] *= air[8] * open_sky + air[5] * sun + LAMP_RED * lamp + BEAM_RED * beam + own
    if glass > 0.0 or gloss > 0.0:
        mx, my, mz = rx + 2.0 * facing * nx, ry + 2.0 * facing * ny, rz + 2.0 * facing * nz
        share = max(gloss, glass * (0.10 + 0.75 * (1.0 - max(0.0, facing)) ** 4))
        if mz > -0.05:
            sky_color(air, table, mx, my, max(0.0, mz), extra)
        else:
            extra[0], extra[1], extra[2] = 0.12 * air[6], 0.12 * air[7], 0.12 * air[8]
        street = min(1.0, max(0.0, 0.3 - mz) * 3.0) * 0.75  # what stands along the street
        for k in range(3):
            seen = min(3.0, extra[k]) * (1.0 - street) + 0.16 * air[6 + k] * street
            out[k] += (seen - out[k] * (1.0 if gloss > 0.0 else 0.6)) * share
    if window > 0.0:
        out[0], out[1], out[2] = out[0] + 0.22 * window, out[1] + 0.52 * window, out[2] + 0.85 * window
    through_air(air, distance, out)


@compiled_inline
def shade_crown(
    air: Floats,
    crowns: Floats,
    n: int,
    view: Floats,
    lamps: Map,
    beams: Map,
    places: Floats,
    corner: Floats,
    x: float,
    y: float,
    z: float,
    distance: float,
    table: Table,
    out: Floats,
) -> None:
    """Colour of leaves at a point of a crown's disc, shaded like a ball."""
    a, b, c = x - crowns[n, 0], y - crowns[n, 1], z - crowns[n, 2]
    r = (a * view[4] + b * view[7] + c * view[10]) / crowns[n, 3]
    u = (a * view[5] + b * view[8] + c * view[11]) / crowns[n, 4]
    f = math.sqrt(max(0.0, 1.0 - r * r - u * u))
    nx, ny = view[4] * r + view[5] * u - view[3] * f, view[7] * r + view[8] * u - view[6] * f
    nz = view[10] * r + view[11] * u - view[9] * f
    seed = crowns[n, 0] * 3.7 + crowns[n, 1]
    leaves = noise_at(table, r * 9.0 + seed, u * 9.0) * 0.6 + noise_at(table, r * 27.0, u * 27.0 + seed) * 0.4
    tone = noise_at(table, seed, 3.0)
    sun = max(0.0, 0.25 + 0.75 * (nx * air[0] + ny * air[1] + nz * air[2])) if air[2] > 0.0 else 0.0
    sun *= max(0.0, min(1.0, 2.2 * leaves - 0.35))
    open_sky = 0.45 + 0.35 * nz + 0.4 * (leaves - 0.5)
    lamp, beam = lamps_at(air, lamps, beams, places, crowns[n, 0] - corner[0] + a * 0.5, crowns[n, 1] - corner[1] + b * 0.5)
    out[0], out[1], out[2] = 0.035 + 0.01 * tone, 0.125 + 0.03 * tone, 0.055 + 0.055 * tone
    lamp *= 0.35 - 0.25 * nz
    out[0] *= air[6] * open_sky + 0.9 * air[3] * sun + LAMP_BLUE * lamp + 0.12 * beam
    out[1] *= air[7] * open_sky + 0.9 * air[4] * sun + LAMP_GREEN * lamp + 0.12 * beam
    out[2] *= air[8] * open_sky + 0.9 * air[5] * sun + LAMP_RED * lamp + 0.12 * beam
    through_air(air, distance, out)
