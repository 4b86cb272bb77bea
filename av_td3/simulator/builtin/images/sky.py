"""The colour of the sky, and of what is lost in haze."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place
from av_td3.simulator.builtin.images.light import Light
from av_td3.simulator.builtin.images.noise import Table, chance, noise_at

# Places of a light in the arrays that the compiled loops read.
SUN, SUN_COLOR, SKY_LIGHT, ZENITH, HORIZON, FOG_COLOR = 0, 3, 6, 9, 12, 15
EXTINCTION, FOG_START, CLOUDS, DAY, WETNESS, LAMPS = 18, 19, 20, 21, 22, 23
LAMPS_BELOW = 0.45  # of ``Light.day``: street lamps and windows are lit


def air_of(light: Light) -> NDArray[np.float64]:
    """The numbers of a light, ``float64 (24,)``."""
    lit = 1.0 if light.day < LAMPS_BELOW else 0.0
    colors = (light.sun, light.sun_color, light.sky_light, light.zenith, light.horizon, light.fog_color)
    rest = (light.extinction, light.fog_start, light.cloudiness, light.day, light.wetness, lit)
    return np.array([*(v for color in colors for v in color), *rest])


@compiled_in_place
def sky_color(air: NDArray[np.float64], table: Table, x: float, y: float, z: float, out: NDArray[np.float64]) -> None:
    """Colour of the sky, linear, in the direction of a unit vector, into ``out`` (3,)."""
    up = max(0.0, z)
    haze = math.exp(-5.0 * up)
    toward = x * air[0] + y * air[1] + z * air[2]
    glow = max(0.0, toward)
    clear = 1.0 - air[CLOUDS]
    glow2 = glow * glow
    glow8 = glow2 * glow2 * glow2 * glow2
    glow16 = glow8 * glow8
    glow64 = glow16 * glow16 * glow16 * glow16
    halo = ((0.55 * glow8 + 0.16 * glow2 * glow) * haze + 0.35 * glow64) * clear
    disc = 0.0
    if toward > 0.99:
        disc = 14.0 * clear if toward > 0.99991 else 0.9 * clear * math.exp(-1500.0 * (1.0 - toward))
    for k in range(3):
        out[k] = air[ZENITH + k] + (air[HORIZON + k] - air[ZENITH + k]) * haze + air[SUN_COLOR + k] * (halo + disc)
    if up > 0.015:
        # Clouds lie on a plane, 1 above the eye; far away they run together.
        p, q = x / (up + 0.06), y / (up + 0.06)
        shape = 0.55 * noise_at(table, 1.1 * p, 1.1 * q) + 0.28 * noise_at(table, 2.7 * p + 7.0, 2.7 * q)
        shape += 0.17 * noise_at(table, 6.3 * p, 6.3 * q + 3.0)
        cover = min(1.0, max(0.0, (shape - 0.78 + 0.75 * air[CLOUDS]) / 0.28)) * min(1.0, (up - 0.015) * 9.0)
        if air[DAY] < 0.3 and cover < 0.5:
            i, j = math.floor(p * 260.0), math.floor(q * 260.0)
            if chance(i, j, 11) < 0.0035:
                star = (0.3 - air[DAY]) * chance(i, j, 12) * (1.0 - 2.0 * cover)
                for k in range(3):
                    out[k] += star
        if cover > 0.0:
            thick = 1.0 - 0.5 * cover * air[CLOUDS] * (0.5 + shape)
            for k in range(3):
                cloud = (1.15 * air[SKY_LIGHT + k] + 0.26 * air[SUN_COLOR + k] * (1.0 + 2.0 * glow8)) * thick
                out[k] += (cloud - out[k]) * cover * 0.9


@compiled_in_place
def through_air(air: NDArray[np.float64], distance: float, out: NDArray[np.float64]) -> None:
    """Dim a colour by fog: Koschmieder's law."""
    if air[EXTINCTION] > 0.0:
        lost = 1.0 - math.exp(-air[EXTINCTION] * max(0.0, distance - air[FOG_START]))
        for k in range(3):
            out[k] += (air[FOG_COLOR + k] - out[k]) * lost
