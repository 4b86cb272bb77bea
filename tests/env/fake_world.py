"""A CARLA world without a server: the real map of a town, and a car that goes straight on at the speed that a test chooses."""

import math
from types import SimpleNamespace

import carla
import numpy as np

from av_td3.env.readiness import SIZE as READY_SIZE
from av_td3.simulator.builtin.town import load_town

DELTA = 0.1  # s that a tick takes, as in the default configuration


class Blueprint:
    def __init__(self, name):
        self.name, self.attributes = name, {}

    def has_attribute(self, name):
        return True

    def set_attribute(self, name, value):
        self.attributes[name] = value


class Sensor:
    """``callback`` takes what the server would send."""

    def __init__(self, blueprint, mount):
        self.blueprint, self.mount, self.callback = blueprint, mount, None

    def listen(self, callback):
        self.callback = callback
        if self.blueprint.attributes.get("image_size_x") == str(READY_SIZE):  # in real time, the world ticks by itself
            callback(image(0, READY_SIZE))

    def is_listening(self):
        return self.callback is not None

    def stop(self):
        self.callback = None

    def destroy(self):
        self.stop()


class Car:
    id = 24
    bounding_box = SimpleNamespace(extent=carla.Vector3D(2.0, 0.9, 0.7))

    def __init__(self, transform, falling):
        self.falling = falling
        self.x, self.y, self.yaw = transform.location.x, transform.location.y, transform.rotation.yaw
        self.speed = 0.0  # m/s
        self.controls = []  # all that it received

    def apply_control(self, control):
        self.controls.append(control)

    def get_transform(self):
        return carla.Transform(carla.Location(self.x, self.y, 0.0), carla.Rotation(yaw=self.yaw))

    def get_location(self):
        return self.get_transform().location

    def get_velocity(self):
        yaw = math.radians(self.yaw)
        return carla.Vector3D(self.speed * math.cos(yaw), self.speed * math.sin(yaw), -2.0 if self.falling else 0.0)

    def get_acceleration(self):
        return carla.Vector3D()

    def move(self):
        velocity = self.get_velocity()
        self.x += DELTA * velocity.x
        self.y += DELTA * velocity.y


class Spectator:
    transform = None

    def set_transform(self, transform):
        self.transform = transform


class FakeWorld:
    """World and client in one. Every camera sends a image a tick, as bright as the number of its frame."""

    def __init__(self, town="Loop01"):
        built = load_town(town)
        carla_map = carla.Map(town, built.opendrive)
        points = [carla.Transform(carla.Location(*at), carla.Rotation(*turned)) for at, turned in built.spawn_points]
        self._map = SimpleNamespace(
            name=town,
            get_spawn_points=lambda: points,
            get_waypoint=carla_map.get_waypoint,
            get_topology=carla_map.get_topology,
            to_opendrive=carla_map.to_opendrive,
        )
        self.frame = 0
        self.falls_for = 0  # ticks that a car needs after its spawn until it stands
        self.spectator = Spectator()
        self.car = None
        self.sensors = []
        self.settings = carla.WorldSettings()
        self.weather = carla.WeatherParameters()

    # -- what CarlaEnv asks of the client ------------------------------------------------------------------------------

    def set_timeout(self, seconds):
        pass

    def reload_world(self, reset_settings):
        return self

    def apply_batch_sync(self, commands, do_tick):
        pass

    def get_client_version(self):
        return "0.9.16"

    get_server_version = get_client_version

    # -- what it asks of the world -------------------------------------------------------------------------------------

    def get_map(self):
        return self._map

    def get_settings(self):
        return self.settings

    def apply_settings(self, settings):
        self.settings = settings

    def get_weather(self):
        return self.weather

    def set_weather(self, weather):
        self.weather = weather

    def get_actors(self):
        return []

    def get_spectator(self):
        return self.spectator

    def get_blueprint_library(self):
        return SimpleNamespace(find=Blueprint)

    def spawn_actor(self, blueprint, transform, attach_to=None):
        if blueprint.name.startswith("vehicle."):
            self.car = Car(transform, self.falls_for)
            return self.car
        self.sensors.append(Sensor(blueprint, transform))
        return self.sensors[-1]

    def get_snapshot(self):
        return SimpleNamespace(frame=self.frame)

    def tick(self):
        self.frame += 1
        if self.car is not None:
            self.car.falling = max(0, self.car.falling - 1)
            self.car.move()
        for sensor in self.sensors:
            if sensor.blueprint.name == "sensor.camera.rgb" and sensor.is_listening():
                sensor.callback(image(self.frame))
        return self.frame


def image(frame, size=84):
    """What a camera sends for a frame."""
    return SimpleNamespace(frame=frame, width=size, height=size, raw_data=np.full((size, size, 4), frame, np.uint8))
