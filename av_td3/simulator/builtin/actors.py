"""Actors: vehicles, sensors and the spectator."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from av_td3.simulator.builtin.blueprints import CAR_TAG, Sensor
from av_td3.simulator.builtin.geometry import Pose, wrap_degrees
from av_td3.simulator.builtin.images.camera import Camera
from av_td3.simulator.builtin.vehicles.ackermann import GAINS, AckermannController, Target
from av_td3.simulator.builtin.vehicles.fleet import Fleet
from av_td3.simulator.builtin.vehicles.physics_control import PhysicsControl
from av_td3.simulator.builtin.vehicles.powertrain import SPEEDS
from av_td3.simulator.builtin.vehicles.vehicle import VehicleModel

Description = list[Any]  # [uid, type id, [[attribute, type, value]...]] as the client sent it
Vector = list[float]
MOUNT_HEIGHT = 0.5  # m above the roof up to which a camera counts as mounted on the car


@dataclass(eq=False)
class Actor:
    """State of any actor. Velocities in m/s and deg/s, accelerations in m/s2, all in the world's frame."""

    id: int
    type_id: str
    description: Description
    pose: Pose
    parent: int = 0
    relative: Pose | None = None
    stream: int = 0
    half_size: Vector = field(default_factory=lambda: [0.0, 0.0, 0.0])
    tags: bytes = b""
    velocity: Vector = field(default_factory=lambda: [0.0, 0.0, 0.0])
    angular_velocity: Vector = field(default_factory=lambda: [0.0, 0.0, 0.0])
    acceleration: Vector = field(default_factory=lambda: [0.0, 0.0, 0.0])

    def attribute(self, name: str, default: str) -> str:
        """The value that the client gave to a blueprint attribute, or the default."""
        return next((value for key, _, value in self.description[2] if key == name), default)


class VehicleActor(Actor):
    """A car: a slot of the fleet, where its state and its control are."""

    def __init__(self, actor_id: int, type_id: str, description: Description, model: VehicleModel, fleet: Fleet):
        self.id, self.type_id, self.description = actor_id, type_id, description
        self.half_size = [model.half_length, model.half_width, model.half_height]
        self.tags = bytes([CAR_TAG])
        self.model = model
        self.fleet = fleet
        self.slot = fleet.add(actor_id)
        self.ackermann: AckermannController | None = None
        self.ackermann_gains = list(GAINS)
        body = self.body
        body["half_size"], body["radius"], body["half_track"] = self.half_size, model.radius, 0.5 * model.track
        body["front_drive"] = model.front_drive
        body["braking_grip"], body["cornering_grip"] = model.braking_grip, model.cornering_grip
        body["physics"] = body["collides"] = True
        self.set_physics_control(PhysicsControl.of(model))

    @property
    def body(self) -> np.void:
        """Its record of ``fleet_arrays.BODY``; a change of it is a change of the car."""
        return self.fleet.bodies[self.slot]  # type: ignore[no-any-return]

    def set_physics_control(self, control: PhysicsControl) -> None:
        """Change mass, engine, brakes, tyres and steering."""
        self.physics_control = control
        self.fleet.traction[self.slot], self.fleet.best_gear[self.slot] = control.traction(self.model)
        self.fleet.steer_limit[self.slot] = control.steer_limit()
        control.write(self.model, self.body)

    @property
    def pose(self) -> Pose:
        """X, y, z (m), pitch, yaw, roll (degrees)."""
        body = self.body
        pitch, yaw, roll = (math.degrees(body[angle]) for angle in ("pitch", "yaw", "roll"))
        return [*body["position"].tolist(), pitch, wrap_degrees(yaw), roll]

    @pose.setter
    def pose(self, pose: Pose) -> None:
        self.fleet.place(self.slot, pose)

    @property
    def velocity(self) -> Vector:
        """M/s, in the world's frame."""
        return self.body["velocity"].tolist()  # type: ignore[no-any-return]

    @velocity.setter
    def velocity(self, velocity: Vector) -> None:
        body = self.body
        c, s = math.cos(body["yaw"]), math.sin(body["yaw"])
        body["velocity"] = velocity
        body["forward"], body["lateral"] = c * velocity[0] + s * velocity[1], c * velocity[1] - s * velocity[0]

    @property
    def angular_velocity(self) -> Vector:
        """Deg/s about x, y and z."""
        return self.body["angular_velocity"].tolist()  # type: ignore[no-any-return]

    @angular_velocity.setter
    def angular_velocity(self, velocity: Vector) -> None:
        self.body["angular_velocity"], self.body["yaw_rate"] = velocity, math.radians(velocity[2])

    @property
    def acceleration(self) -> Vector:
        """M/s2, the mean of the last tick."""
        return self.body["acceleration"].tolist()  # type: ignore[no-any-return]

    @acceleration.setter
    def acceleration(self, acceleration: Vector) -> None:
        self.body["acceleration"] = acceleration

    def follow(self, target: Target) -> None:
        """Drive to a steering angle, a speed and an acceleration, until the next control."""
        if self.ackermann is None:
            body = self.body
            steer = float(body["control"]["steer"] * body["max_steer"])
            self.ackermann = AckermannController(self.ackermann_gains, target, float(body["forward"]), steer)
        self.ackermann.target = target

    def follow_target(self, dt: float) -> None:
        """Set the pedals for a tick of ``dt`` seconds from the target."""
        assert self.ackermann is not None
        body = self.body
        throttle, steer, brake, reverse = self.ackermann.step(float(body["forward"]), float(body["max_steer"]), dt)
        self.fleet.controls[self.slot] = (throttle, steer, brake, False, reverse, False, 0, True)

    def apply_control(
        self, throttle: float, steer: float, brake: float, hand_brake: bool, reverse: bool, manual: bool, gear: int
    ) -> None:
        """Set the control that holds from the next tick on: throttle and brake 0 to 1, steer -1 to 1."""
        self.ackermann = None
        self.fleet.controls[self.slot] = (throttle, steer, brake, hand_brake, reverse, manual, gear, True)

    def set_ackermann_gains(self, gains: list[float]) -> None:
        """Set kp, ki, kd of the speed, then of the acceleration, of the Ackermann controller."""
        self.ackermann_gains = gains
        if self.ackermann is not None:
            self.ackermann.set_gains(gains)

    def hold_velocity(self, forward: float, lateral: float) -> None:
        """Keep a velocity in the car's own frame (m/s), until ``release_velocity``."""
        self.body["held"], self.body["held_velocity"] = True, (forward, lateral)

    def release_velocity(self) -> None:
        """Let forces change the velocity again."""
        self.body["held"] = False

    def add_impulse(self, impulse: Vector) -> None:
        """Change the velocity at once by an impulse (N s, world frame) at the centre of mass."""
        mass = float(self.body["mass"])
        x, y, z = self.velocity
        self.velocity = [x + impulse[0] / mass, y + impulse[1] / mass, z]

    def add_force(self, force: Vector) -> None:
        """Pull with a force (N, world frame) at the centre of mass during the next tick."""
        self.body["force"] += force[:2]

    def add_angular_impulse(self, impulse: float) -> None:
        """Change the yaw rate at once by an angular impulse (N m s) about the vertical."""
        body = self.body
        body["yaw_rate"] += impulse / body["inertia"]

    def add_torque(self, torque: float) -> None:
        """Turn with a torque (N m) about the vertical during the next tick."""
        self.body["torque"] += torque

    def wheel_angle(self, wheel: int) -> float:
        """Angle of a front wheel (0 left, 1 right), in degrees; the inner one turns more (Ackermann's geometry)."""
        body = self.body
        limit = float(np.interp(abs(body["forward"]), SPEEDS, self.fleet.steer_limit[self.slot]))
        steer = float(body["control"]["steer"] * body["max_steer"]) * limit
        wheelbase, side = float(body["front_axle"] + body["rear_axle"]), (-1.0 if wheel == 0 else 1.0)
        if steer == 0.0:
            return 0.0
        to_centre = wheelbase / math.tan(abs(steer)) - math.copysign(1.0, steer) * side * float(body["half_track"])
        return math.degrees(math.copysign(math.atan2(wheelbase, to_centre), steer))

    def carries(self, eye: Vector) -> bool:
        """Whether a camera at this world position is mounted on the car (inside, hood or roof) rather than looking at it."""
        body = self.body
        x, y, z = body["position"].tolist()
        dx, dy, c, s = eye[0] - x, eye[1] - y, math.cos(body["yaw"]), math.sin(body["yaw"])
        inside = abs(c * dx + s * dy) <= self.half_size[0] and abs(c * dy - s * dx) <= self.half_size[1]
        return bool(inside) and eye[2] - z <= 2.0 * self.half_size[2] + MOUNT_HEIGHT


@dataclass(eq=False)
class SensorActor(Actor):
    """A sensor. ``period`` is its sensor_tick in simulation seconds, 0 for every tick."""

    sensor: Sensor = field(kw_only=True)
    period: float = 0.0
    due: float = 0.0
    camera: Camera | None = None
