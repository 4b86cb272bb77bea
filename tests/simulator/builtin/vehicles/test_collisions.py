"""What cars do to each other, and to what stands beside the road."""

import math

import numpy as np
import pytest

from av_td3.simulator.builtin.actors import VehicleActor
from av_td3.simulator.builtin.towns.ground import Ground, Surface
from av_td3.simulator.builtin.vehicles.collisions import Obstacles
from av_td3.simulator.builtin.vehicles.contact_patch import friction
from av_td3.simulator.builtin.vehicles.fleet import Fleet
from av_td3.simulator.builtin.vehicles.vehicle import VEHICLES

HEAVY, LIGHT = "vehicle.tesla.model3", "vehicle.nissan.micra"
ICE = 0.001 * friction(0.0)


def plain(*obstacles):
    ground = Ground(np.full((1200, 1200), Surface.ASPHALT, np.uint8), -60.0, -60.0)
    return Fleet(ground, Obstacles.of(list(obstacles)), speed_limit=0.0)


def put(fleet, name, x, y, yaw, vx=0.0, vy=0.0):
    car = VehicleActor(1, name, [0, name, []], VEHICLES[name], fleet)
    car.body["sticky"] = True
    car.pose = [x, y, 0.0, 0.0, yaw, 0.0]
    car.velocity = [vx, vy, 0.0]
    return car


def momentum(*cars):
    return sum(car.model.mass * np.array(car.velocity[:2]) for car in cars)


def spin(car):
    """Angular momentum about the origin, kg m2/s."""
    x, y, _ = car.body["position"]
    vx, vy, _ = car.velocity
    return float(car.body["inertia"] * car.body["yaw_rate"]) + car.model.mass * (x * vy - y * vx)


@pytest.mark.parametrize("offset", [0.0, 0.8, -1.2])
def test_a_crash_keeps_momentum_and_angular_momentum(offset):
    fleet = plain()
    a, b = put(fleet, HEAVY, -2.3, 0.0, 0.0, vx=12.0), put(fleet, LIGHT, 2.2, offset, 180.0, vx=-9.0)
    before, turning = momentum(a, b), spin(a) + spin(b)
    contacts, _ = fleet.advance(ICE, 0.01, 4)
    assert len(contacts) == 1
    assert momentum(a, b) == pytest.approx(before, rel=0.02, abs=100.0)
    assert spin(a) + spin(b) == pytest.approx(turning, rel=0.02, abs=0.02 * a.model.mass * 12.0)
    assert a.velocity[0] < 12.0
    assert abs(float(b.body["yaw_rate"])) > 0.3 if offset else abs(float(b.body["yaw_rate"])) < 1e-6


def test_a_hit_beside_the_middle_spins_the_car_that_is_hit():
    fleet = plain()
    put(fleet, HEAVY, -2.25, 1.6, -90.0, vy=0.0)
    hit = put(fleet, LIGHT, 0.0, 0.0, 0.0)
    rammer = put(fleet, HEAVY, -1.5, 6.0, -90.0, vy=-10.0)
    rammer.body["collides"] = True
    fleet.remove(0)
    for _ in range(30):
        fleet.advance(ICE, 0.01, 2)
    assert hit.velocity[1] < -1.0
    assert float(hit.body["yaw_rate"]) > 0.3  # hit at the tail from the right: the tail goes left, the nose right


def test_a_wall_stops_a_car_and_a_glancing_hit_turns_it_along():
    wall = (20.0, 0.0, 90.0, 30.0, 1.0)
    fleet = plain(wall)
    head_on, glancing = put(fleet, HEAVY, 10.0, -20.0, 0.0, vx=10.0), put(fleet, HEAVY, 10.0, -5.0, 70.0, 3.42, 9.4)
    hits = []
    for _ in range(300):
        contacts, _ = fleet.advance(ICE, 0.01, 1)
        hits += [(int(c["car"]), int(c["other"])) for c in contacts]
    assert set(hits) == {(head_on.slot, -1), (glancing.slot, -1)}
    assert -2.0 < head_on.velocity[0] < 0.0
    assert head_on.pose[0] <= 19.0 - head_on.model.half_length + 1e-6
    assert glancing.velocity[1] > 6.0
    assert glancing.velocity[0] < 0.5


@pytest.mark.parametrize("speed", [10.0, 40.0])
def test_a_lamp_post_is_not_passed_through(speed):
    fleet = plain((20.0, 0.0, 0.0, 0.1, 0.1))
    car = put(fleet, LIGHT, 10.0, 0.0, 0.0, vx=speed)
    contacts = [len(fleet.advance(ICE, 0.02, 5)[0]) for _ in range(10)]
    assert sum(contacts) > 0
    assert car.pose[0] < 20.0


def test_a_car_without_physics_is_hit_and_stays():
    fleet = plain()
    a, b = put(fleet, HEAVY, -3.0, 0.0, 0.0, vx=10.0), put(fleet, LIGHT, 2.0, 0.0, 0.0)
    b.body["physics"] = False
    for _ in range(5):
        fleet.advance(ICE, 0.02, 5)
    assert b.pose[:2] == [2.0, 0.0]
    assert a.velocity[0] < 0.5


def test_without_collisions_cars_pass_through():
    fleet = plain()
    a, b = put(fleet, HEAVY, -3.0, 0.0, 0.0, vx=10.0), put(fleet, LIGHT, 2.0, 0.0, 0.0)
    b.body["collides"] = False
    assert not any(len(fleet.advance(ICE, 0.02, 5)[0]) for _ in range(10))
    assert a.velocity[0] > 9.0


def test_obstacles_are_found_wherever_they_stand():
    rng = np.random.default_rng(0)
    boxes = [(*rng.uniform(-55.0, 55.0, 2), rng.uniform(0.0, 360.0), *rng.uniform(0.1, 9.0, 2)) for _ in range(60)]
    fleet = plain(*boxes)
    for x, y in rng.uniform(-55.0, 55.0, (300, 2)):
        car = put(fleet, LIGHT, x, y, 0.0, vx=0.01)
        before = car.pose
        touched = fleet.advance(ICE, 1e-4, 1)[0]
        fleet.remove(car.slot)
        occupied = fleet.is_occupied(x, y, before[4], car.model.half_length, car.model.half_width)
        assert bool(len(touched)) <= occupied
        moved = math.dist(car.body["position"][:2], before[:2])
        assert (moved > 1e-4) == occupied


def test_cars_that_scrape_along_each_other_take_their_speeds_from_each_other():
    fleet = plain()
    fast, slow = put(fleet, HEAVY, -3.0, 0.0, 4.0, vx=15.0, vy=3.0), put(fleet, HEAVY, 0.0, 2.2, 0.0, vx=5.0)
    for _ in range(20):
        fleet.advance(ICE, 0.01, 2)
    assert slow.velocity[0] > 5.2
    assert fast.velocity[0] < 14.8
