"""The driver on made-up routes and cars. Whole routes on the built-in server are in test_real_drives.py."""

import math

import numpy as np
import pytest

from av_td3.evaluation.pure_pursuit import MAX_LATERAL, PurePursuit
from tests.evaluation.cars import car, cars, info

STRAIGHT = [[float(x), 0.0] for x in range(0, 200, 2)]


def curve(radius, straight=30.0):
    """A straight stretch along x, then a quarter of a circle to the right."""
    angles = np.linspace(0.0, math.pi / 2.0, 40)
    arc = np.column_stack([straight + radius * np.sin(angles), radius * (1.0 - np.cos(angles))])
    return [[float(x), 0.0] for x in np.arange(0.0, straight, 2.0)] + arc.tolist()


def actions(route, *infos, target_speed=8.0):
    driver = PurePursuit(target_speed)
    driver.begin(info(route=route), seed=0)
    return [driver.act({}, one) for one in infos]


def action(route, **changes):
    return actions(route, info(**changes))[0]


def test_an_action_is_float32_and_within_its_bounds():
    for found in actions(STRAIGHT, info(position=(0.0, 30.0), yaw=180.0), info(speed=50.0), info(speed=-5.0)):
        assert (found.dtype, found.shape) == (np.float32, (2,))
        assert np.abs(found).max() <= 1.0


def test_it_steers_back_to_the_route():
    assert action(STRAIGHT, speed=8.0)[0] == 0.0
    assert action(STRAIGHT, speed=8.0, position=(0.0, 1.0), lateral=1.0)[0] < -0.05  # to the left: the car is right of it
    assert action(STRAIGHT, speed=8.0, yaw=-10.0)[0] > 0.05
    assert action(curve(15.0), speed=5.0, travelled=34.0, position=(34.0, 0.0))[0] > 0.1  # into the bend to the right


def test_it_keeps_the_lane_of_a_car_that_turns_as_a_bicycle_does():
    route, position, yaw, speed = curve(15.0), np.array([0.0, 0.5]), 0.0, 5.0
    driver = PurePursuit(speed)
    driver.begin(info(route=route), seed=0)
    for _ in range(110):
        travelled = float(np.argmin(np.hypot(*(np.array(route) - position).T)))
        steps = np.hypot(*np.diff(route, axis=0).T)
        at = float(steps[: int(travelled)].sum())
        steer, _ = driver.act({}, info(speed=speed, position=tuple(position), travelled=at, yaw=math.degrees(yaw)))
        yaw += 0.1 * speed * math.tan(steer * math.radians(34.0)) / 2.9
        position = position + 0.1 * speed * np.array([math.cos(yaw), math.sin(yaw)])
        if at > 48.0:
            break
    assert at > 48.0
    assert np.hypot(*(np.array(route) - position).T).min() < 0.8


def test_it_accelerates_to_its_speed_and_brakes_from_more():
    assert action(STRAIGHT, speed=0.0)[1] == 1.0
    assert abs(action(STRAIGHT, speed=8.0)[1]) < 0.05
    assert action(STRAIGHT, speed=10.0)[1] < -0.5


def test_it_slows_down_before_a_curve_to_what_is_comfortable_in_it():
    radius = 10.0
    allowed = math.sqrt(MAX_LATERAL * radius)
    inside = {"travelled": 34.0, "position": (34.0, 0.8)}
    assert action(curve(radius), speed=allowed + 1.0, **inside)[1] < -0.3
    assert action(curve(radius), speed=allowed - 1.0, **inside)[1] > 0.3
    assert action(curve(radius), speed=7.9)[1] > 0.0  # 30 m before it, there is time
    assert action(curve(radius), speed=8.0, travelled=26.0, position=(26.0, 0.0))[1] < -0.3


@pytest.mark.parametrize(
    "other",
    [
        car(9.0),  # stands ahead, 4.2 m between the bumpers
        car(12.0, yaw=90.0),  # stands across the lane
        car(12.0, -9.0, yaw=90.0, speed=6.0),  # is about to cross
    ],
)
def test_it_brakes_for_a_car_in_its_way(other):
    assert action(STRAIGHT, speed=8.0, others=cars(other))[1] < -0.3


@pytest.mark.parametrize(
    "other",
    [
        car(-6.0),  # stands behind
        car(-9.0, speed=8.0),  # follows
        car(0.0, 3.5),  # stands beside
        car(12.0, 3.5, speed=2.0),  # is overtaken in the lane beside
        car(20.0, -3.5, yaw=180.0, speed=8.0),  # comes towards it in the other lane
        car(20.0, speed=8.0),  # drives ahead as fast
        car(150.0),  # stands far away
        car(12.0, -30.0, yaw=90.0, speed=2.0),  # would cross much later
    ],
)
def test_it_does_not_brake_for_a_car_that_is_not_in_its_way(other):
    alone = action(STRAIGHT, speed=7.5)[1]
    assert alone > 0.2
    assert action(STRAIGHT, speed=7.5, others=cars(other))[1] == pytest.approx(alone)


def test_it_stands_behind_a_car_that_stands():
    speed, x, driver = 8.0, 0.0, PurePursuit(8.0)
    driver.begin(info(route=STRAIGHT), seed=0)
    for _ in range(150):
        _, pedal = driver.act({}, info(speed=speed, position=(x, 0.0), travelled=x, others=cars(car(50.0))))
        speed = max(0.0, speed + 0.1 * (6.0 if pedal < 0 else 3.0) * float(pedal))
        x += 0.1 * speed
    assert speed < 0.1
    assert 0.5 < 50.0 - x - 4.8 < 6.0  # m between the bumpers


def test_a_new_episode_remembers_nothing():
    driver, first = PurePursuit(8.0), info(route=STRAIGHT)
    driver.begin(first, seed=0)
    fresh = [driver.act({}, info(speed=7.0)) for _ in range(5)]
    driver.begin(first, seed=1)
    np.testing.assert_array_equal([driver.act({}, info(speed=7.0)) for _ in range(5)], fresh)


@pytest.mark.parametrize("other", [car(-5.2), car(-5.2, speed=1.0), car(-9.0, speed=8.0)])
def test_it_drives_off_whatever_is_close_behind(other):
    """What comes from behind has to look out itself."""
    assert action(STRAIGHT, speed=0.0, others=cars(other))[1] == 1.0
