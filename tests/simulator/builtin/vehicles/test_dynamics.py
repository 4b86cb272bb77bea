"""The equations of motion, one at a time."""

import itertools
import math

import numpy as np
import pytest

from av_td3.simulator.builtin.towns.ground import Surface
from av_td3.simulator.builtin.vehicles.contact_patch import KERB_HEIGHT
from av_td3.simulator.builtin.vehicles.dynamics import ellipse
from av_td3.simulator.builtin.vehicles.proving_ground import DT, ProvingGround
from av_td3.simulator.builtin.vehicles.vehicle import GRAVITY, VEHICLES

MODEL = VEHICLES["vehicle.tesla.model3"]


def drive(ground, seconds, **control):
    ground.control(**control)
    for _ in ground.steps(lambda: False, seconds):
        pass
    return ground


def test_a_braked_car_stands_still():
    ground = drive(ProvingGround(MODEL), 5.0, brake=1.0, steer=0.5)
    assert (ground.x, ground.y, float(ground.car.body["yaw"]), ground.speed) == (0.0, 0.0, 0.0, 0.0)


def test_a_car_that_rolls_out_stands_still_for_good():
    ground = drive(ProvingGround(MODEL, 2.0), 30.0, steer=0.3)
    place = ground.x, ground.y
    assert ground.car.velocity == [0.0, 0.0, 0.0]
    assert (drive(ground, 5.0, steer=-1.0).x, ground.y) == place


@pytest.mark.parametrize("speed", [0.3, 1.5, 4.0])
@pytest.mark.parametrize("steer", [-1.0, 0.5])
def test_slowly_it_turns_on_the_circle_of_its_geometry(speed, steer):
    ground = ProvingGround(MODEL, speed)
    ground.car.hold_velocity(speed, 0.0)
    drive(ground, 2.0, steer=steer)
    yaw = float(ground.car.body["yaw"])
    drive(ground, 2.0, steer=steer)
    radius = MODEL.wheelbase / math.tan(math.radians(MODEL.max_steer * steer))
    # The velocity is held along the car at its centre of mass; without slip it points a little aside there.
    assert float(ground.car.body["yaw"]) - yaw == pytest.approx(2.0 * speed / radius, rel=0.2)
    assert math.copysign(1.0, ground.car.body["yaw_rate"]) == math.copysign(1.0, steer)


def test_a_free_car_at_walking_pace_turns_on_the_circle_of_its_geometry():
    ground = ProvingGround(MODEL, 1.5)
    for _ in ground.steps(lambda: False, 4.0):
        ground.control(throttle=0.2 if ground.speed < 1.5 else 0.0, steer=0.5)
    radius = MODEL.wheelbase / math.tan(math.radians(0.5 * MODEL.max_steer))
    assert float(ground.car.body["yaw_rate"]) == pytest.approx(ground.speed / radius, rel=0.02)


def test_reverse_goes_backwards_and_steers_the_tail():
    ground = ProvingGround(MODEL)
    ground.car.apply_control(0.3, 0.5, 0.0, False, True, False, 0)
    for _ in ground.steps(lambda: False, 2.0):
        pass
    assert ground.x < -1.0
    assert float(ground.car.body["yaw"]) < 0.0
    assert ground.y < 0.0  # the tail goes to the side to which the wheels point, which is right of its way, left of the car


def test_a_car_above_its_limit_pushes_over_the_front_wheels_and_slows_down():
    ground = drive(ProvingGround(MODEL, 25.0), 3.0, steer=1.0)
    assert ground.speed < 20.0
    across = float(ground.car.body["yaw_rate"]) * ground.speed
    assert across < 1.05 * MODEL.cornering_grip * GRAVITY


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.2])
def test_the_path_hardly_depends_on_the_length_of_the_step(dt, monkeypatch):
    def path(step):
        monkeypatch.setattr("av_td3.simulator.builtin.vehicles.proving_ground.DT", step)
        ground = ProvingGround(MODEL, 8.0)
        ground.control(throttle=0.3, steer=0.15)
        for _ in range(round(3.0 / step)):
            ground.step()
        return ground.x, ground.y

    assert path(dt) == pytest.approx(path(0.002), rel=0.1, abs=0.3)


@pytest.mark.parametrize("name", sorted(VEHICLES))
def test_every_car_stays_finite_under_any_control(name):
    ground = ProvingGround(VEHICLES[name], wetness=100.0)
    for i in range(3000):
        ground.control((i % 7) / 6, math.sin(i / 9), float(i % 11 == 0), i % 97 == 0)
        ground.step()
    body = ground.car.body
    assert all(math.isfinite(float(body[key])) for key in ("yaw", "forward", "lateral", "yaw_rate", "pull"))
    assert math.hypot(body["forward"], body["lateral"]) < 70.0


def hardest_pull(steer, **control):
    """Largest acceleration along, across and together while a car steers and brakes from 25 m/s, over the peak friction."""
    ground, hardest = ProvingGround(MODEL, 25.0), (0.0, 0.0, 0.0)
    body = ground.car.body
    ground.control(steer=steer, **control)
    states = []
    for _ in ground.steps(lambda: ground.speed < 5.0 or float(body["yaw"]) > 3.0):
        states.append([float(body[key]) for key in ("forward", "lateral", "yaw")])
    for before, after in itertools.pairwise(states):
        turn = after[2] - before[2]  # velocities of before, seen from the car of after
        along = after[0] - (math.cos(turn) * before[0] + math.sin(turn) * before[1])
        across = after[1] - (math.cos(turn) * before[1] - math.sin(turn) * before[0])
        along, across = along / (DT * GRAVITY * MODEL.braking_grip), across / (DT * GRAVITY * MODEL.cornering_grip)
        hardest = max(hardest, (math.hypot(along, across), abs(along), abs(across)))
    return hardest


@pytest.mark.parametrize("brake", [0.0, 0.3, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("steer", [0.1, 0.3])
def test_braking_and_cornering_share_the_grip_of_the_tyres(steer, brake):
    """The friction ellipse. Above it are air drag, the turned front wheels, and the side grip that is left at full brake."""
    together, along, across = hardest_pull(steer, brake=brake)
    assert 0.8 < together < 1.15
    assert along > 0.9 * brake
    assert across < max(0.4, math.sqrt(1.0 - min(1.0, brake) ** 2)) + 0.05


def test_the_friction_ellipse():
    assert [ellipse(share) for share in (0.0, 0.6, -0.6, 0.8)] == pytest.approx([1.0, 0.8, 0.8, 0.6])
    assert ellipse(1.0) == ellipse(2.0) < 0.4


def test_the_hand_brake_slides_the_tail_out_and_the_brake_does_not():
    tails = []
    for control in ({"hand_brake": True}, {"brake": 0.5}):
        ground = drive(ProvingGround(MODEL, 15.0), 0.5, steer=0.15)
        drive(ground, 1.0, steer=0.15, **control)
        tails.append(abs(math.degrees(math.atan2(ground.car.body["lateral"], ground.speed))))
    assert tails[0] > 25.0
    assert tails[1] < 8.0


def test_the_hand_brake_holds_and_stops_a_car():
    assert drive(ProvingGround(MODEL), 2.0, throttle=0.1, hand_brake=True).x < 0.05
    ground = drive(ProvingGround(MODEL, 10.0), 8.0, hand_brake=True)
    assert ground.speed == 0.0
    assert 10.0 < ground.x < 25.0


def test_grass_is_slippery_and_slows_a_car_down():
    rolls = [drive(ProvingGround(MODEL, 10.0, surface), 3.0).speed for surface in (Surface.ASPHALT, Surface.GRASS)]
    stops = [drive(ProvingGround(MODEL, 20.0, surface), 8.0, brake=1.0).x for surface in (Surface.ASPHALT, Surface.GRASS)]
    assert rolls[0] > rolls[1] + 1.5
    assert 1.1 < stops[1] / stops[0] < 1.4


@pytest.mark.parametrize("grade", [0.05, -0.05])
def test_gravity_pulls_a_car_down_a_slope(grade):
    ground = drive(ProvingGround(MODEL, 10.0, grade=grade), 1.0)
    level = drive(ProvingGround(MODEL, 10.0), 1.0)
    slope = math.sin(math.atan(grade))
    assert ground.speed - level.speed == pytest.approx(-GRAVITY * slope, rel=0.05)
    assert math.degrees(float(ground.car.body["pitch"])) == pytest.approx(math.degrees(math.atan(grade)), abs=0.01)
    assert ground.car.velocity[2] == pytest.approx(grade * ground.speed, rel=0.05)


@pytest.mark.parametrize("brake", [0.24, 0.26])
def test_the_brake_holds_a_car_on_a_slope_the_same_just_below_and_above_where_no_step_is_made(brake):
    ground = ProvingGround(MODEL, grade=0.2)
    for push in (0.0, 0.0, 3.0, 0.0):
        ground.car.add_force([push * MODEL.mass, 0.0, 0.0])
        drive(ground, 1.0, brake=brake)
        assert ground.speed == 0.0
    assert ground.x == pytest.approx(0.0, abs=0.01)


def test_the_brake_holds_a_car_on_a_slope_and_without_it_rolls():
    assert drive(ProvingGround(MODEL, grade=0.2), 3.0, brake=0.5).x == 0.0
    assert drive(ProvingGround(MODEL, grade=0.2), 3.0).x < -3.0


def test_a_kerb_costs_the_energy_of_the_climb_and_lifts_the_car():
    ground = ProvingGround(MODEL, 10.0, kerb=3.0)
    free = ProvingGround(MODEL, 10.0)
    heights, pitches = [], []
    for _ in range(40):
        ground.step()
        free.step()
        heights.append(float(ground.car.body["position"][2]))
        pitches.append(float(ground.car.body["pitch"]))
    assert heights[0] == 0.0
    assert heights[-1] == pytest.approx(KERB_HEIGHT)
    assert max(pitches) == pytest.approx(math.atan(KERB_HEIGHT / MODEL.wheelbase), rel=0.05)
    lost = 0.5 * (free.speed**2 - ground.speed**2)
    assert lost == pytest.approx(GRAVITY * KERB_HEIGHT, rel=0.25)


def test_a_kerb_stops_a_car_that_leans_against_it_and_more_throttle_climbs_it():
    beside = MODEL.wheelbase * (1.0 - MODEL.front_share) + 0.2
    assert drive(ProvingGround(MODEL, kerb=beside), 8.0, throttle=0.1).x < 0.5
    assert drive(ProvingGround(MODEL, kerb=beside), 8.0, throttle=0.6).x > 10.0


def test_two_fresh_cars_drive_bit_equally():
    ends = []
    for _ in range(2):
        ground = ProvingGround(MODEL, 12.0)
        for i in range(500):
            ground.control((i % 7) / 6, math.sin(i / 9), float(i % 11 == 0))
            ground.step()
        ends.append(ground.car.body.tobytes())
    assert ends[0] == ends[1]
    assert np.frombuffer(ends[0], np.uint8).any()


@pytest.mark.parametrize("dt", [0.02, 0.05, 0.1, 0.2])
@pytest.mark.parametrize(
    "control", [{"steer": 1.0, "brake": 0.3}, {"steer": 0.5, "brake": 1.0}, {"steer": 1.0, "hand_brake": True}]
)
@pytest.mark.parametrize("name", sorted(VEHICLES))
def test_a_car_comes_to_rest_with_turned_wheels_at_any_step(name, control, dt, monkeypatch):
    monkeypatch.setattr("av_td3.simulator.builtin.vehicles.proving_ground.DT", dt)
    ground = ProvingGround(VEHICLES[name], 8.0)
    drive(ground, 30.0, **control)
    body = ground.car.body
    assert (float(body["forward"]), float(body["lateral"]), float(body["yaw_rate"])) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("gear", "ahead"), [(-5, -1.0), (-1, -1.0), (0, 0.0), (1, 1.0), (2**31 - 1, 1.0)])
def test_a_manual_gear_is_reverse_neutral_or_one_that_the_car_has(gear, ahead):
    ground = ProvingGround(VEHICLES["vehicle.audi.tt"])
    ground.car.apply_control(1.0, 0.0, 0.0, False, False, True, gear)
    for _ in ground.steps(lambda: False, 1.0):
        pass
    assert math.copysign(1.0, ground.x) * (abs(ground.x) > 0.5) == ahead


def test_reverse_is_slow():
    ground = ProvingGround(MODEL)
    ground.car.apply_control(1.0, 0.0, 0.0, False, True, False, 0)
    for _ in ground.steps(lambda: False, 30.0):
        pass
    assert -45.0 < 3.6 * ground.speed < -30.0


@pytest.mark.parametrize("bank", [0.1, -0.1])
def test_a_bank_rolls_the_car_and_pulls_it_down(bank):
    """``bank`` is the rise towards the car's right."""
    ground = ProvingGround(MODEL, 10.0, bank=bank)
    drive(ground, 1.0)
    assert math.copysign(1.0, ground.car.body["roll"]) == -math.copysign(1.0, bank)  # positive: the right side is lower
    assert abs(math.tan(float(ground.car.body["roll"]))) == pytest.approx(abs(bank), rel=0.05)
    assert math.copysign(1.0, ground.y) == -math.copysign(1.0, bank)
    assert abs(ground.y) > 0.005
