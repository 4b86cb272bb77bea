import math

import pytest

from av_td3.simulator.builtin.blueprints import VEHICLES
from av_td3.simulator.builtin.vehicle import GRAVITY, Motion, VehicleControl, advance, road_friction

MODEL = VEHICLES["vehicle.tesla.model3"]
DT = 0.01


def simulate(motion, seconds, friction=0.9, **control):
    advance(MODEL, motion, VehicleControl(**control), friction, DT, round(seconds / DT))
    return motion


def test_full_throttle_takes_a_model_3_to_100_in_about_six_seconds():
    motion, seconds = Motion(0, 0, 0), 0.0
    while motion.forward < 100 / 3.6:
        simulate(motion, DT, throttle=1.0)
        seconds += DT
    assert 5.0 < seconds < 7.0  # the maker gives 5.6 to 6.1 s for this power


def test_braking_from_100_takes_the_distance_that_friction_allows():
    motion = simulate(Motion(0, 0, 0, forward=100 / 3.6), 6.0, brake=1.0)
    assert motion.forward == 0.0
    assert motion.x == pytest.approx((100 / 3.6) ** 2 / (2 * 0.9 * GRAVITY), rel=0.05)


def test_a_braked_car_stands_still():
    motion = simulate(Motion(0, 0, 0), 5.0, brake=1.0, steer=0.5)
    assert (motion.x, motion.y, motion.yaw, motion.forward) == (0, 0, 0, 0)


def test_at_walking_pace_it_turns_on_the_circle_of_its_geometry():
    motion = Motion(0, 0, 0, forward=1.5)
    for _ in range(200):
        motion.forward = 1.5
        advance(MODEL, motion, VehicleControl(steer=0.5), 0.9, DT, 1)
    radius = MODEL.wheelbase / math.tan(math.radians(17.5))
    assert motion.yaw == pytest.approx(2.0 * 1.5 / radius, rel=0.01)
    assert motion.y > 0  # to the right


def test_tyres_limit_how_fast_a_corner_can_be_taken():
    motion = Motion(0, 0, 0, forward=25.0)
    for _ in range(300):
        motion.forward = 25.0
        advance(MODEL, motion, VehicleControl(steer=0.6), 0.9, DT, 1)
    assert abs(25.0 * motion.yaw_rate) < 0.95 * 0.9 * GRAVITY
    assert math.isfinite(motion.x)


def test_a_wet_road_lengthens_braking_as_friction_falls():
    dry, wet = (simulate(Motion(0, 0, 0, forward=20.0), 6.0, road_friction(w), brake=1.0).x for w in (0.0, 100.0))
    assert wet / dry == pytest.approx(0.9 / 0.6, rel=0.05)


def test_reverse_goes_backwards():
    assert simulate(Motion(0, 0, 0), 2.0, throttle=0.5, reverse=True).x < -1.0


@pytest.mark.parametrize("name", sorted(VEHICLES))
def test_every_car_stays_finite_under_any_control(name):
    motion = Motion(0, 0, 0)
    for i in range(2000):
        control = VehicleControl(throttle=(i % 7) / 6, steer=math.sin(i / 9), brake=float(i % 11 == 0))
        advance(VEHICLES[name], motion, control, 0.6, 0.02, 1)
    assert all(map(math.isfinite, (motion.x, motion.y, motion.yaw, motion.forward, motion.lateral, motion.yaw_rate)))
    assert math.hypot(motion.forward, motion.lateral) < 70.0


def hardest_pull(steer, **control):
    """Largest acceleration along and across the car while it steers and drives or brakes from 25 m/s, in units of mu g."""
    motion, hardest = Motion(0, 0, 0, forward=25.0), (0.0, 0.0, 0.0)
    while motion.forward > 5.0 and motion.yaw < 3.0:
        before = (motion.forward, motion.lateral, motion.yaw)
        simulate(motion, DT, steer=steer, **control)
        yaw = before[2] - motion.yaw  # velocities of before, seen from the car of now
        along = motion.forward - (math.cos(yaw) * before[0] - math.sin(yaw) * before[1])
        across = motion.lateral - (math.sin(yaw) * before[0] + math.cos(yaw) * before[1])
        grip = DT * 0.9 * GRAVITY
        hardest = max(hardest, (math.hypot(along, across) / grip, abs(along) / grip, abs(across) / grip))
    return hardest


@pytest.mark.parametrize("brake", [0.0, 0.3, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("steer", [0.1, 0.3])
def test_braking_and_cornering_share_the_grip_of_the_tyres(steer, brake):
    """The friction circle. What is above it are air drag, the turned front wheels, and what steering is left on full brakes."""
    together, along, across = hardest_pull(steer, brake=brake)
    assert 0.8 < together < 1.1
    assert along > 0.95 * brake
    assert across < math.sqrt(1.0 - min(0.95, brake) ** 2) + 0.01
