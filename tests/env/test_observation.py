import math

import numpy as np
import pytest

from av_td3.env.observation import OBSERVATION_SPACE, VECTOR_BOUND, VECTOR_NAMES, WAYPOINT_DISTANCES, vector
from tests.env.states import state


def numbers(**changes):
    return dict(zip(VECTOR_NAMES, vector(state(**changes)), strict=True))


def test_each_number_is_one_at_its_physical_scale():
    assert numbers(speed=4.0)["speed"] == pytest.approx(1.0)
    assert numbers(lateral=1.75)["lateral"] == pytest.approx(1.0)  # half a lane: the car's centre on the line
    assert numbers(heading_error=math.radians(15.0))["heading_error"] == pytest.approx(1.0)
    straight = numbers()
    for distance in WAYPOINT_DISTANCES:
        assert straight[f"x_{distance:.0f}"] == pytest.approx(4.0)  # a quarter of its distance is 1
        assert straight[f"y_{distance:.0f}"] == pytest.approx(0.0, abs=1e-6)


def test_waypoints_are_in_the_cars_frame():
    turned = numbers(yaw=math.radians(90.0), heading_error=math.radians(90.0))  # faces right; the route goes left of it
    for distance in WAYPOINT_DISTANCES:
        assert turned[f"x_{distance:.0f}"] == pytest.approx(0.0, abs=1e-5)
        assert turned[f"y_{distance:.0f}"] == pytest.approx(-4.0)
    beside = numbers(lateral=2.0)
    assert beside["y_10"] == pytest.approx(-2.0 / 2.5)


@pytest.mark.parametrize(
    "extreme",
    [
        {"speed": 90.0},
        {"speed": -90.0},
        {"lateral": 500.0, "y": 500.0},
        {"heading_error": -math.pi},
        {"x": -4000.0, "y": 4000.0, "yaw": 2.0},
    ],
)
def test_every_vector_lies_in_the_space(extreme):
    seen = vector(state(**extreme))
    assert seen.dtype == np.float32
    assert OBSERVATION_SPACE["vector"].contains(seen)
    assert np.abs(seen).max() == pytest.approx(VECTOR_BOUND)  # the bound is met, not merely far away
