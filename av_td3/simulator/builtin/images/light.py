"""Light and air of a weather: sun, clouds, fog and water, as both qualities of the camera use them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

Color = tuple[float, float, float]  # blue, green, red; 0 to 1 or above

SUNLIGHT: Color = (0.86, 0.95, 1.0)
LOW_SUN: Color = (0.28, 0.55, 1.0)
MAX_SUN = 0.88  # share of the light that comes from a high sun on a clear day; the rest comes from the sky
NIGHT = 0.35  # brightness at night against noon, in low quality
DUST: Color = (0.42, 0.62, 0.78)


def _share(percent: float) -> float:
    return max(0.0, min(1.0, percent / 100.0))


def _mix(a: Color, b: Color, share: float) -> Color:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def _scaled(color: Color, factor: float) -> Color:
    return color[0] * factor, color[1] * factor, color[2] * factor


@dataclass(frozen=True)
class Light:
    """What a weather does to an image.

    Args:
        brightness: of plain surfaces against noon, 0 to 1.
        day: 1 by day, 0 at night, between them at dusk.
        cloudiness: 0 to 1.
        rain: 0 to 1.
        wetness: of the road, 0 to 1.
        dust: 0 to 1.
        sun: unit vector towards the sun; x, y, z of CARLA's frame.
        sun_color: sunlight on a surface that faces it.
        sky_light: light from the sky, on every surface.
        zenith: colour of the sky overhead.
        horizon: colour of the sky at the horizon.
        fog_color: colour of fog, and of what is lost in it.
        extinction: of fog, 1/m: ``exp(-extinction * (distance - fog_start))`` of the light comes through (Koschmieder 1924).
        fog_start: m from the camera.

    """

    brightness: float
    day: float
    cloudiness: float
    rain: float
    wetness: float
    dust: float
    sun: tuple[float, float, float]
    sun_color: Color
    sky_light: Color
    zenith: Color
    horizon: Color
    fog_color: Color
    extinction: float
    fog_start: float

    @staticmethod
    def from_weather(weather: Sequence[float]) -> "Light":
        """Light of a CARLA weather record of 14 numbers, in the order in which the wire sends them."""
        return _light(tuple(weather))


@lru_cache(maxsize=64)
def _light(weather: tuple[float, ...]) -> Light:
    clouds, rain, deposits, _, azimuth, altitude, fog, fog_start = weather[:8]
    cloud, rain, dust = _share(clouds), _share(rain), _share(weather[13])
    altitude = max(-90.0, min(90.0, altitude))
    a, b = math.radians(altitude), math.radians(azimuth)
    sun = (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))
    day = max(0.0, min(1.0, (altitude + 8.0) / 20.0))
    day = day * day * (3.0 - 2.0 * day)
    high = max(0.0, min(1.0, altitude / 30.0))  # 0 with the sun at the horizon, 1 well above it
    dusk = max(0.0, 1.0 - abs(altitude - 1.0) / 14.0) * (1.0 - 0.8 * cloud)

    direct = MAX_SUN * max(0.0, min(1.0, (altitude + 1.0) / 10.0)) * (1.0 - cloud) ** 1.5 * (1.0 - 0.7 * dust)
    sun_color = _scaled(_mix(LOW_SUN, SUNLIGHT, high), 2.6 * direct)
    zenith = _mix(_mix((0.86, 0.50, 0.23), (0.76, 0.72, 0.69), cloud), (0.46, 0.27, 0.24), 0.75 * dusk)
    horizon = _mix(_mix((0.96, 0.86, 0.78), (0.92, 0.90, 0.88), cloud), (0.24, 0.50, 1.05), 0.9 * dusk)
    darkness = 1.0 - 0.35 * rain * cloud
    zenith = _mix((0.030, 0.014, 0.008), _scaled(zenith, darkness), day)
    horizon = _mix((0.052, 0.034, 0.026), _scaled(horizon, darkness), day)
    sky_light = _scaled(_mix(_mix(zenith, horizon, 0.37), (1.0, 1.0, 1.0), 0.012), 0.98)
    if dust:
        shade = _scaled(DUST, 0.04 + 0.9 * day)
        zenith, horizon = _mix(zenith, shade, 0.9 * dust), _mix(horizon, shade, dust)
    fog_color = _mix(horizon, (0.80 * day, 0.78 * day, 0.76 * day), 0.6 * _share(fog) * (1.0 - dusk))
    thickness = 0.09 * _share(fog) ** 1.5 + 0.03 * dust + 0.006 * rain
    noon = NIGHT + (1.0 - NIGHT) * max(0.0, min(1.0, (altitude + 5.0) / 30.0))
    return Light(
        brightness=noon * (1.0 - 0.25 * cloud),
        day=day,
        cloudiness=cloud,
        rain=rain,
        wetness=max(_share(weather[9]), _share(deposits), 0.5 * rain),
        dust=dust,
        sun=sun,
        sun_color=sun_color,
        sky_light=sky_light,
        zenith=zenith,
        horizon=horizon,
        fog_color=fog_color,
        extinction=thickness,
        fog_start=max(0.0, min(1000.0, fog_start)) if _share(fog) and not dust else 0.0,
    )
