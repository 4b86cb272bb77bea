import math

import numpy as np
import pytest

from av_td3.evaluation.car_discs import disc_centres, time_to_collision
from tests.evaluation.cars import car, cars


def test_the_discs_of_a_car_touch_its_ends_and_sides():
    (centres,) = disc_centres(cars(car(10.0, 5.0, yaw=90.0)))
    np.testing.assert_allclose(centres, [[10.0, 3.6], [10.0, 5.0], [10.0, 6.4]], atol=1e-12)  # 1 m from its ends at 2.6 and 7.4
    (wide,) = disc_centres(cars(car(half_length=0.5)))
    np.testing.assert_allclose(wide, 0.0)


@pytest.mark.parametrize(
    ("own", "other", "seconds"),
    [
        (car(speed=10.0), car(24.8), 2.0),  # 20 m between the bumpers
        (car(speed=10.0), car(24.8, speed=5.0), 4.0),
        (car(speed=10.0), car(44.8, yaw=180.0, speed=10.0), 2.0),  # oncoming
        (car(), car(-24.8, speed=10.0), 2.0),  # from behind, on a car that stands
        (car(speed=10.0), car(20.0, -20.0, yaw=90.0, speed=10.0), None),  # crossing: both are at (20, 0) after 2 s
        (car(speed=10.0), car(24.8, speed=10.0), math.inf),
        (car(speed=5.0), car(24.8, speed=10.0), math.inf),
        (car(speed=10.0), car(24.8, 2.01), math.inf),  # passes beside it
        (car(speed=10.0), car(24.8, 1.99), "meets"),
        (car(speed=10.0), car(-24.8), math.inf),
        (car(), car(24.8), math.inf),
        (car(), car(4.7), 0.0),  # they touch
        (car(speed=10.0), car(1.0, 1.0, yaw=45.0), 0.0),
    ],
)
def test_known_answers(own, other, seconds):
    found = time_to_collision(np.array(own), cars(other))
    if seconds is None:
        assert 1.5 < found < 2.0
    elif seconds == "meets":
        assert 2.0 < found < 2.4
    else:
        assert found == pytest.approx(seconds)


def test_the_soonest_counts_and_without_others_there_is_none():
    own = np.array(car(speed=10.0))
    assert time_to_collision(own, cars(car(44.8), car(24.8), car(-30.0))) == pytest.approx(2.0)
    assert time_to_collision(own, cars()) == math.inf


def test_it_does_not_depend_on_the_direction_of_the_axes():
    expected = time_to_collision(np.array(car(speed=8.0)), cars(car(30.0, 3.0, yaw=200.0, speed=6.0)))
    assert 0.5 < expected < 3.0
    turn = math.radians(70.0)
    x, y = 30.0 * math.cos(turn) - 3.0 * math.sin(turn), 30.0 * math.sin(turn) + 3.0 * math.cos(turn)
    turned = time_to_collision(np.array(car(yaw=70.0, speed=8.0)), cars(car(x, y, yaw=270.0, speed=6.0)))
    assert turned == pytest.approx(expected)
