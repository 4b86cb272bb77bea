import math

import numpy as np
import pytest

from av_td3.simulator.builtin.images.terrain import march, relief_bounds
from av_td3.simulator.builtin.towns.heights import height_at
from tests.simulator.builtin.scenes import SIZE, slope


def hills():
    v, u = np.mgrid[0:101, 0:101] * 2.0
    return (1.5 * np.sin(u / 20.0) * np.cos(v / 25.0)).astype(np.float32)


def test_heights_are_bilinear_and_go_on_beyond_the_border():
    relief = slope(0.05)
    middle = SIZE / 2
    assert height_at(relief, middle + 31.0, 7.3) == pytest.approx(0.05 * 31.0, abs=1e-5)
    assert height_at(relief, middle - 5.0, 7.3) == 0.0
    assert height_at(relief, 10 * SIZE, -50.0) == pytest.approx(3.0, abs=1e-4)


def test_the_steepest_slope_bounds_all():
    relief = hills()
    grade = relief_bounds(relief)[0]
    x, y = np.random.default_rng(0).uniform(1.0, 190.0, (2, 500))
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        rise = height_at(relief, a + 0.1, b + 0.05) - height_at(relief, a, b)
        assert abs(rise) <= grade * math.hypot(0.1, 0.05) + 1e-7


@pytest.mark.parametrize("pitch", [-40.0, -10.0, -3.0, -1.0, 0.5])
def test_a_ray_stops_at_the_first_point_of_the_ground(pitch):
    relief, bounds = hills(), relief_bounds(hills())
    for yaw in range(0, 360, 30):
        d = (math.cos(math.radians(yaw)), math.sin(math.radians(yaw)), math.tan(math.radians(pitch)))
        away = march(relief, bounds, 100.0, 100.0, 2.5, *d)
        steps = np.arange(0.0, min(away, 90.0), 0.05)
        gaps = [2.5 + d[2] * t - height_at(relief, 100.0 + d[0] * t, 100.0 + d[1] * t) for t in steps]
        assert min(gaps) > -0.01  # what a step may miss of a ridge
        if away < np.inf:
            gap = 2.5 + d[2] * away - height_at(relief, 100.0 + d[0] * away, 100.0 + d[1] * away)
            assert abs(gap) < 0.005


def test_a_ray_that_rises_faster_than_the_ground_meets_nothing():
    assert march(hills(), relief_bounds(hills()), 100.0, 100.0, 2.5, 1.0, 0.0, 0.5) == np.inf
