"""The simulated world: its clock and its actors."""

import logging
import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.actors import Actor, Description, SensorActor, VehicleActor
from av_td3.simulator.builtin.appearance import CAR
from av_td3.simulator.builtin.blueprints import (
    CAR_TAG,
    SENSOR_BLUEPRINTS,
    VEHICLES,
    check_attributes,
    read_bool,
    read_color,
)
from av_td3.simulator.builtin.camera import Camera
from av_td3.simulator.builtin.collisions import Collision, Obstacles, resolve_collisions
from av_td3.simulator.builtin.geometry import Pose, attach, penetration, rectangle, wrap_degrees
from av_td3.simulator.builtin.lens import Lens
from av_td3.simulator.builtin.settings import Settings
from av_td3.simulator.builtin.town import load_town
from av_td3.simulator.builtin.vehicle import GRAVITY, Motion, advance, hold_velocity, road_friction

WEATHER_WETNESS = 9  # index in the weather record
CLEAR_NOON = [5.0, 0.0, 0.0, 10.0, -1.0, 45.0, 2.0, 0.75, 0.1, 0.0, 1.0, 0.03, 0.0331, 0.0]
MAX_VEHICLES, MAX_ACTORS, MAX_CAMERA_SIDE = 500, 5000, 4096
log = logging.getLogger(__name__)


class SpawnError(Exception):
    """An actor cannot be spawned; the message is shown to the client."""


class World:
    """A map with its actors. Ids restart with every episode, so that equal episodes are equal for the client too."""

    def __init__(self, town: str):
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
            self._obstacles = Obstacles(town.buildings)
        self.town, self.town_name = town, name
        self.episode += 1
        self.elapsed = 0.0
        self.weather = list(CLEAR_NOON)
        self._next_id = 1
        self.actors: dict[int, Actor] = {}
        self.vehicles: list[VehicleActor] = []
        self.sensors: list[SensorActor] = []
        self.spectator = Actor(self._new_id(), "spectator", [0, "spectator", []], [0.0, 0.0, 10.0, 0.0, 0.0, 0.0])
        self.actors[self.spectator.id] = self.spectator

    def set_weather(self, record: list[float]) -> None:
        """Set the weather, which changes light and friction."""
        self.weather = record

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
            actor: Actor = self._spawn_vehicle(description, type_id, pose)
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
        corners = rectangle(pose[0], pose[1], pose[4], model.half_length, model.half_width)
        taken = any(penetration(corners, other.corners()) is not None for other in self.vehicles)
        if taken or any(
            penetration(corners, o.corners) is not None for o in self._obstacles.near(pose[0], pose[1], model.radius)
        ):
            raise SpawnError("Spawn failed because of collision at spawn position")
        on_ground = [pose[0], pose[1], 0.0, 0.0, pose[4], 0.0]
        vehicle = VehicleActor(
            self._new_id(),
            type_id,
            description,
            on_ground,
            half_size=[model.half_length, model.half_width, model.half_height],
            tags=bytes([CAR_TAG]),
            model=model,
            motion=Motion(pose[0], pose[1], math.radians(pose[4])),
        )
        red, green, blue = read_color(vehicle.attribute("color", "17,37,103"))
        vehicle.paint = (blue, green, red)
        vehicle.sticky = read_bool(vehicle.attribute("sticky_control", "true"))
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
            actor.camera = Camera(width, height, fov, lens=Lens.of_attributes(actor.attribute))
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
            actor.pose = [pose[0], pose[1], 0.0, 0.0, pose[4], 0.0]
            motion = actor.motion
            motion.x, motion.y, motion.yaw = pose[0], pose[1], math.radians(pose[4])
            self.set_velocity(actor, actor.velocity)
        else:
            actor.pose = list(pose)

    def set_velocity(self, actor: Actor, velocity: list[float]) -> None:
        """Set an actor's velocity (m/s, world frame)."""
        actor.velocity = list(velocity)
        if isinstance(actor, VehicleActor):
            c, s = math.cos(actor.motion.yaw), math.sin(actor.motion.yaw)
            actor.motion.forward = c * velocity[0] + s * velocity[1]
            actor.motion.lateral = -s * velocity[0] + c * velocity[1]

    # -- time ----------------------------------------------------------------------------------------------------------

    def tick(self) -> list[Collision]:
        """Advance the world by one step; returns the collisions."""
        self.frame += 1
        self.elapsed += self.settings.delta
        friction, (steps, step) = road_friction(self.weather[WEATHER_WETNESS]), self.settings.substeps()
        before = [(vehicle, vehicle.velocity) for vehicle in self.vehicles]
        for vehicle, _ in before:
            try:
                self._integrate(vehicle, friction, step, steps)
            except Exception as error:
                self.remove_failing(vehicle, error)
        collisions = resolve_collisions(self.vehicles, self._obstacles)
        for vehicle, old in before:
            vehicle.acceleration = [(new - was) / (step * steps) for new, was in zip(vehicle.velocity, old, strict=True)]
        for actor in self.actors.values():
            if actor.relative is not None:
                self._follow_parent(actor, actor.relative)
        return collisions

    def remove_failing(self, actor: Actor, error: Exception) -> None:
        """Remove an actor whose simulation raises an error, so that the others continue."""
        log.error("removed actor %d (%s): %s: %s", actor.id, actor.type_id, type(error).__name__, error)
        self.destroy(actor.id)

    def _integrate(self, vehicle: VehicleActor, friction: float, step: float, steps: int) -> None:
        motion = vehicle.motion
        if not vehicle.physics:
            motion.check()
            return
        if not vehicle.sticky:
            vehicle.expire_control()
        if vehicle.constant_velocity is None:
            advance(vehicle.model, motion, vehicle.control, friction, step, steps)
        else:
            held = (vehicle.constant_velocity[0], vehicle.constant_velocity[1])
            hold_velocity(vehicle.model, motion, vehicle.control, friction, step, steps, held)
        motion.check()
        c, s = math.cos(motion.yaw), math.sin(motion.yaw)
        vehicle.pose[0], vehicle.pose[1], vehicle.pose[4] = motion.x, motion.y, wrap_degrees(math.degrees(motion.yaw))
        vehicle.velocity = [c * motion.forward - s * motion.lateral, s * motion.forward + c * motion.lateral, 0.0]
        vehicle.angular_velocity = [0.0, 0.0, math.degrees(motion.yaw_rate)]

    def _follow_parent(self, actor: Actor, relative: Pose) -> None:
        parent = self.actors[actor.parent]
        actor.pose = attach(parent.pose, relative)
        actor.velocity, actor.acceleration = parent.velocity, parent.acceleration
        actor.angular_velocity = parent.angular_velocity

    # -- sensors -------------------------------------------------------------------------------------------------------

    def camera_image(self, sensor: SensorActor) -> memoryview:
        """Render a camera: bytes in blue, green, red, alpha order. The car that it is mounted on is left out."""
        assert sensor.camera is not None
        carrier = self._carrier(sensor)
        without = self.vehicles.index(carrier) if carrier is not None and carrier.carries(sensor.pose) else -1
        image = sensor.camera.render(sensor.pose, self.town, self._cars(), self.weather, self.frame, without)
        return image.data.cast("B")

    def _carrier(self, sensor: Actor) -> VehicleActor | None:
        """The car that a sensor is attached to, directly or through other actors."""
        actor: Actor | None = sensor
        while actor is not None and not isinstance(actor, VehicleActor):
            actor = self.actors.get(actor.parent)
        return actor

    def _cars(self) -> NDArray[np.void]:
        out = np.zeros(len(self.vehicles), CAR)
        for row, car in zip(out, self.vehicles, strict=True):
            row["pose"], row["half_size"], row["wheelbase"] = car.pose, car.half_size, car.model.wheelbase
            row["steer"], row["paint"] = math.radians(car.model.max_steer) * car.control.steer, car.paint
            row["lights"] = car.lights
        return out

    def imu(self, actor: Actor) -> list[object]:
        """Accelerometer (m/s2, with gravity), gyroscope (rad/s) and compass (rad from north) of a body on flat ground."""
        yaw = math.radians(actor.pose[4])
        c, s = math.cos(yaw), math.sin(yaw)
        ax, ay = actor.acceleration[0], actor.acceleration[1]
        gyroscope = [math.radians(v) for v in actor.angular_velocity]
        return [[c * ax + s * ay, -s * ax + c * ay, GRAVITY], gyroscope, math.radians((actor.pose[4] + 90.0) % 360.0)]

    def gnss(self, actor: Actor) -> list[float]:
        """Latitude, longitude (degrees) and altitude (m) around the map's anchor at 42 N 2 E."""
        per_degree = 111320.0
        longitude = 2.0 + actor.pose[0] / (per_degree * math.cos(math.radians(42.0)))
        return [42.0 - actor.pose[1] / per_degree, longitude, actor.pose[2]]
