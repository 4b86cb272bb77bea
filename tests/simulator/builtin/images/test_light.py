import math

import pytest

from av_td3.simulator.builtin.images.light import Light
from tests.simulator.builtin.scenes import weather


def light(**values):
    return Light.from_weather(weather(**values))


def test_the_sun_stands_where_azimuth_and_altitude_say():
    sun = light(sun_azimuth_angle=90.0, sun_altitude_angle=30.0).sun
    assert sun == pytest.approx((0.0, math.cos(math.radians(30.0)), 0.5))


def test_the_sun_goes_down_and_clouds_hide_it():
    noon, cloudy, night = light(), light(cloudiness=100.0), light(sun_altitude_angle=-20.0)
    assert min(noon.sun_color) > 1.0
    assert max(cloudy.sun_color) < 0.05 * max(noon.sun_color)
    assert max(night.sun_color) == 0.0
    assert night.day == 0.0
    assert max(night.sky_light) < 0.1 * max(noon.sky_light)


def test_a_low_sun_is_red():
    blue, _, red = light(sun_altitude_angle=4.0).sun_color
    assert red > 2.0 * blue


def test_fog_dust_and_rain_thicken_the_air():
    clear = light().extinction
    assert clear == 0.0
    thick = [light(**{name: 50.0}).extinction for name in ("fog_density", "dust_storm", "precipitation")]
    assert min(thick) > 0.001
    assert light(fog_density=100.0).extinction > light(fog_density=50.0).extinction
    assert light(fog_density=50.0, fog_distance=20.0).fog_start == 20.0


def test_standing_water_and_rain_wet_the_road():
    assert [light(**{name: 60.0}).wetness for name in ("wetness", "precipitation_deposits")] == [0.6, 0.6]
    assert light(precipitation=60.0).wetness > 0.0


@pytest.mark.parametrize("value", [-1e6, 1e6])
def test_any_weather_gives_a_light(value):
    record = light(
        **dict.fromkeys(("cloudiness", "fog_density", "sun_altitude_angle", "fog_distance", "wetness", "dust_storm"), value)
    )
    assert 0.0 <= record.brightness <= 1.0
    assert all(math.isfinite(v) for v in (*record.zenith, *record.fog_color, *record.sky_light, record.extinction))
