"""Where other cars are put, on a straight road without a server."""

from types import SimpleNamespace

import carla
import numpy as np
import pytest

from av_td3.env.traffic import CLEARANCE, Traffic

POINTS = [carla.Transform(carla.Location(x=5.0 * i)) for i in range(10)]
OWN = carla.Transform(carla.Location(x=20.0))


class Blueprint:
    def __init__(self, name, wheels):
        self.id, self.attributes = name, {"number_of_wheels": wheels}

    def get_attribute(self, name):
        return self.attributes[name]

    def has_attribute(self, name):
        return name in self.attributes

    def set_attribute(self, name, value):
        self.attributes[name] = value


class World:
    """Has room on every point but one."""

    def __init__(self, taken=None):
        self.taken, self.cars = taken, []

    def get_blueprint_library(self):
        return SimpleNamespace(filter=lambda pattern: [Blueprint("vehicle.b", 4), Blueprint("vehicle.bike", 2)])

    def spawn_actor(self, blueprint, transform):
        if transform.location.x == self.taken:
            raise RuntimeError("Spawn failed because of collision at spawn position")
        self.cars.append(SimpleNamespace(x=transform.location.x, name=blueprint.id))
        return self.cars[-1]


class Manager:
    """Remembers what was set."""

    def __init__(self):
        self.found = {}

    def set_synchronous_mode(self, value):
        self.found["synchronous"] = value

    def set_random_device_seed(self, value):
        self.found["seed"] = value

    def set_hybrid_physics_mode(self, value):
        self.found["hybrid"] = value

    def set_hybrid_physics_radius(self, value):
        self.found["radius"] = value

    def shut_down(self):
        self.found["over"] = True


@pytest.fixture
def spawn():
    def put(count, world, seed=0, hybrid_radius=None):
        manager = Manager()
        traffic = Traffic(SimpleNamespace(get_trafficmanager=lambda port: manager), 8000, hybrid_radius)
        traffic.spawn(world, POINTS, count, OWN, np.random.default_rng(seed))
        return traffic, manager

    return put


def test_as_many_cars_as_wanted_where_there_is_room(spawn):
    world = World()
    traffic, _ = spawn(3, world)
    assert len(traffic.actors) == 3
    assert {car.name for car in world.cars} == {"vehicle.b"}  # four wheels


def test_none_near_the_own_car_and_none_where_there_is_no_room(spawn):
    world = World(taken=0.0)
    spawn(100, world)
    assert sorted(car.x for car in world.cars) == [5.0, 35.0, 40.0, 45.0]
    assert all(abs(car.x - 20.0) > CLEARANCE for car in world.cars)


def test_the_seed_decides_where_cars_are_and_how_they_drive(spawn):
    first, second, other = World(), World(), World()
    seeds = [spawn(4, world, seed)[1].found["seed"] for world, seed in ((first, 1), (second, 1), (other, 2))]
    assert [car.x for car in first.cars] == [car.x for car in second.cars] != [car.x for car in other.cars]
    assert seeds[0] == seeds[1] != seeds[2]


def test_it_drives_in_step_with_the_world_until_it_is_stopped(spawn):
    traffic, manager = spawn(2, World())
    assert manager.found["synchronous"] is True
    traffic.stop()
    assert manager.found["over"]
    assert traffic.actors == []


def test_full_physics_can_be_limited_to_the_cars_nearby(spawn):
    assert "hybrid" not in spawn(1, World())[1].found
    found = spawn(1, World(), hybrid_radius=60.0)[1].found
    assert (found["hybrid"], found["radius"]) == (True, 60.0)
