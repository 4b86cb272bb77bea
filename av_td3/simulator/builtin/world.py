"""The simulated world: its clock and its actors."""

import logging
import math
from dataclasses import dataclass

import numpy as np

from av_td3.simulator.builtin.actors import Actor, Description, SensorActor, VehicleActor
from av_td3.simulator.builtin.blueprints import SENSOR_BLUEPRINTS, check_attributes, read_bool, read_color
from av_td3.simulator.builtin.geometry import Pose, attach, rotation_matrix
from av_td3.simulator.builtin.images.camera import Camera
from av_td3.simulator.builtin.images.lens import Lens
from av_td3.simulator.builtin.settings import Settings
from av_td3.simulator.builtin.town import load_town, obstacle_outlines
from av_td3.simulator.builtin.vehicles.collisions import Obstacles
from av_td3.simulator.builtin.vehicles.contact_patch import friction
from av_td3.simulator.builtin.vehicles.fleet import MAX_VEHICLES, Fleet
from av_td3.simulator.builtin.vehicles.vehicle import GRAVITY, VEHICLES

WEATHER_WETNESS = 9  # index in the weather record
CLEAR_NOON = [5.0, 0.0, 0.0, 10.0, -1.0, 45.0, 2.0, 0.75, 0.1, 0.0, 1.0, 0.03, 0.0331, 0.0]
MAX_ACTORS, MAX_CAMERA_SIDE = 5000, 4096
log = logging.getLogger(__name__)


class SpawnError(Exception):
    """An actor cannot be spawned; the message is shown to the client."""


@dataclass(frozen=True)
class Collision:
    """A collision of a car with another car, or with what stands beside the road (``other`` is None), in one tick.

    ``impulse`` is that on the car, in N s, in the world's frame.
    """

    actor: VehicleActor
    other: VehicleActor | None
    impulse: tuple[float, float, float]


class World:
    """A map with its actors. Ids restart with every episode, so that equal episodes are equal for the client too."""

    def __init__(self, town: str, quality: str = "low"):
        self.quality = quality
        self.frame = 1
        self.episode = 0
        self.settings = Settings()
        self.map_changed = False
        self._next_stream = 2  # 1 is the episode's own stream
        self.town_name = ""
        self.load(town)

    def load(self, name: str) -> None:
        """Start a new episode on a map. A map that cannot be loaded raises as ``load_town`` does and changes nothing."""
        town = load_town(name)
        self.map_changed = name != self.town_name
        if self.map_changed:
            self._obstacles = Obstacles.of(obstacle_outlines(town))
        self.town, self.town_name = town, name
        self.episode += 1
        self._first_frame = self.frame
        self.elapsed = 0.0
        self.set_weather(list(CLEAR_NOON))
        self._next_id = 1
        self.actors: dict[int, Actor] = {}
        self.fleet = Fleet(town.ground, self._obstacles, town.speed_limit_kmh)
        self.vehicles: list[VehicleActor] = []
        self.sensors: list[SensorActor] = []
        self.spectator = Actor(self._new_id(), "spectator", [0, "spectator", []], [0.0, 0.0, 10.0, 0.0, 0.0, 0.0])
        self.actors[self.spectator.id] = self.spectator

    def set_weather(self, record: list[float]) -> None:
        """Set the weather, which changes light and friction."""
        self.weather = record
        self._friction = friction(record[WEATHER_WETNESS])

    # -- actors --------------------------------------------------------------------------------------------------------

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def spawn(self, description: Description, pose: Pose, parent: int = 0) -> Actor:
        """Spawn an actor; with a parent, ``pose`` is relative to it. Raises SpawnError and ValueError."""
        type_id = description[1]
        if parent and parent not in self.actors:
            raise SpawnError("unable to attach actor: parent actor not found")
        if len(self.actors) >= MAX_ACTORS:
            raise SpawnError(f"the world is full: {MAX_ACTORS} actors")
        if type_id not in VEHICLES and type_id not in SENSOR_BLUEPRINTS:
            raise SpawnError(f"unknown blueprint {type_id}")
        check_attributes(type_id, description[2])
        if type_id in VEHICLES:
            actor: Actor = self._spawn_vehicle(description, type_id, attach(self.actors[parent].pose, pose) if parent else pose)
        else:
            actor = self._spawn_sensor(description, type_id, pose)
        if parent:
            actor.parent, actor.relative = parent, list(pose)
            actor.pose = attach(self.actors[parent].pose, pose)
        self.actors[actor.id] = actor
        return actor

    def _spawn_vehicle(self, description: Description, type_id: str, pose: Pose) -> VehicleActor:
        model = VEHICLES[type_id]
        if len(self.vehicles) >= MAX_VEHICLES:
            raise SpawnError(f"the world is full: {MAX_VEHICLES} vehicles")
        if self.fleet.is_occupied(pose[0], pose[1], pose[4], model.half_length, model.half_width):
            raise SpawnError("Spawn failed because of collision at spawn position")
        vehicle = VehicleActor(self._new_id(), type_id, description, model, self.fleet)
        vehicle.pose = pose
        red, green, blue = read_color(vehicle.attribute("color", "17,37,103"))
        vehicle.body["paint"] = blue, green, red
        vehicle.body["sticky"] = read_bool(vehicle.attribute("sticky_control", "true"))
        self.vehicles.append(vehicle)
        return vehicle

    def _spawn_sensor(self, description: Description, type_id: str, pose: Pose) -> SensorActor:
        actor = SensorActor(self._new_id(), type_id, description, list(pose), sensor=SENSOR_BLUEPRINTS[type_id])
        actor.period = float(actor.attribute("sensor_tick", "0.0"))
        if actor.sensor.name == "rgb":
            width, height = int(actor.attribute("image_size_x", "800")), int(actor.attribute("image_size_y", "600"))
            fov = float(actor.attribute("fov", "90.0"))
            if not (0 < width <= MAX_CAMERA_SIDE and 0 < height <= MAX_CAMERA_SIDE and 0.0 < fov < 180.0):
                raise SpawnError(
                    f"camera of {width}x{height} pixels and {fov} degrees: 1 to {MAX_CAMERA_SIDE} pixels, 0 to 180"
                )
            actor.camera = Camera(width, height, fov, self.quality, Lens.of_attributes(actor.attribute))
        if actor.sensor.streams:
            actor.stream = self._next_stream
            self._next_stream += 1
        self.sensors.append(actor)
        return actor

    def destroy(self, actor_id: int) -> Actor | None:
        """Remove an actor; its children stay where they are. Returns None where there is no such actor."""
        actor = self.actors.get(actor_id)
        if actor is None or actor is self.spectator:
            return None
        del self.actors[actor_id]
        if isinstance(actor, VehicleActor):
            self.vehicles.remove(actor)
            self.fleet.remove(actor.slot)
        elif isinstance(actor, SensorActor):
            self.sensors.remove(actor)
        for other in self.actors.values():
            if other.parent == actor_id:
                other.parent, other.relative = 0, None
        return actor

    def place(self, actor: Actor, pose: Pose) -> None:
        """Teleport an actor; ``pose`` is relative to its parent if it has one."""
        if actor.relative is not None:
            actor.relative = list(pose)
            actor.pose = attach(self.actors[actor.parent].pose, pose)
        elif isinstance(actor, VehicleActor):
            velocity = actor.velocity
            actor.pose = pose
            actor.velocity = velocity
        else:
            actor.pose = list(pose)

    # -- time ----------------------------------------------------------------------------------------------------------

    def tick(self) -> list[Collision]:
        """Advance the world by one step; returns the collisions."""
        self.frame += 1
        self.elapsed += self.settings.delta
        steps, dt = self.settings.substeps()
        for vehicle in self.vehicles:
            if vehicle.ackermann is not None:
                vehicle.follow_target(dt * steps)
        contacts, invalid = self.fleet.advance(self._friction, dt, steps)
        collisions = [hit for contact in contacts for hit in self._collisions(contact)] if len(contacts) else []
        if invalid >= 0:
            for vehicle in [vehicle for vehicle in self.vehicles if not self.fleet.is_valid(vehicle.slot)]:
                self.remove_failing(vehicle, ArithmeticError(f"it is at {vehicle.pose}, with {vehicle.velocity} m/s"))
        for actor in self.actors.values():
            if actor.relative is not None:
                self._follow_parent(actor, actor.relative)
        return collisions

    def _at(self, slot: int) -> VehicleActor:
        return next(vehicle for vehicle in self.vehicles if vehicle.slot == slot)

    def _collisions(self, contact: np.void) -> list[Collision]:
        """The collision of each car in a contact."""
        x, y = contact["impulse"].tolist()
        car = self._at(int(contact["car"]))
        other = self._at(int(contact["other"])) if contact["other"] >= 0 else None
        out = [Collision(car, other, (x, y, 0.0))]
        return out if other is None else [*out, Collision(other, car, (-x, -y, 0.0))]

    def remove_failing(self, actor: Actor, error: Exception) -> None:
        """Remove an actor whose simulation raises an error, so that the others continue."""
        log.error("removed actor %d (%s): %s: %s", actor.id, actor.type_id, type(error).__name__, error)
        self.destroy(actor.id)

    def _follow_parent(self, actor: Actor, relative: Pose) -> None:
        parent = self.actors[actor.parent]
        if isinstance(parent, VehicleActor):
            actor.pose = self.fleet.attached_pose(parent.slot, relative)
        else:
            actor.pose = attach(parent.pose, relative)
        actor.velocity, actor.acceleration = parent.velocity, parent.acceleration
        actor.angular_velocity = parent.angular_velocity

    # -- sensors -------------------------------------------------------------------------------------------------------

    def camera_image(self, sensor: SensorActor) -> memoryview:
        """Render a camera: bytes in blue, green, red, alpha order. The car that it is mounted on is left out."""
        assert sensor.camera is not None
        carrier = self._carrier(sensor)
        without = self.vehicles.index(carrier) if carrier is not None and carrier.carries(sensor.pose) else -1
        cars = self.fleet.appearance()
        frame = self.frame - self._first_frame  # so that the rain of an episode does not depend on what came before it
        image = sensor.camera.render(sensor.pose, self.town, cars, self.weather, frame, without)
        return image.data.cast("B")

    def _carrier(self, sensor: Actor) -> VehicleActor | None:
        """The car that a sensor is attached to, directly or through other actors."""
        actor: Actor | None = sensor
        while actor is not None and not isinstance(actor, VehicleActor):
            actor = self.actors.get(actor.parent)
        return actor

    def imu(self, actor: Actor) -> list[object]:
        """Accelerometer (m/s2, with gravity), gyroscope (rad/s) and compass (rad from north) of a body."""
        ax, ay, az = actor.acceleration
        felt = (ax, ay, az + GRAVITY)
        axes = zip(*rotation_matrix(*actor.pose[3:]), strict=True)  # forward, right and up in the world's frame
        accelerometer = [sum(a * b for a, b in zip(axis, felt, strict=True)) for axis in axes]
        gyroscope = [math.radians(v) for v in actor.angular_velocity]
        return [accelerometer, gyroscope, math.radians((actor.pose[4] + 90.0) % 360.0)]

    def gnss(self, actor: Actor) -> list[float]:
        """Latitude, longitude (degrees) and altitude (m) around the map's anchor at 42 N 2 E."""
        per_degree = 111320.0
        longitude = 2.0 + actor.pose[0] / (per_degree * math.cos(math.radians(42.0)))
        return [42.0 - actor.pose[1] / per_degree, longitude, actor.pose[2]]
