"""Actors: vehicles, sensors and the spectator."""

import math
from dataclasses import dataclass, field
from typing import Any

from av_td3.simulator.builtin.blueprints import Sensor
from av_td3.simulator.builtin.camera import Camera
from av_td3.simulator.builtin.geometry import Pose, rectangle
from av_td3.simulator.builtin.vehicle import Motion, VehicleControl, VehicleModel

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


@dataclass(eq=False)
class VehicleActor(Actor):
    """A car: its controls and its motion."""

    model: VehicleModel = field(kw_only=True)
    motion: Motion = field(kw_only=True)
    control: VehicleControl = field(default_factory=VehicleControl)
    manual_gear: tuple[bool, int] = (False, 0)
    lights: int = 0
    paint: tuple[int, int, int] = (103, 37, 17)  # blue, green, red
    physics: bool = True
    constant_velocity: Vector | None = None  # in its own frame
    sticky: bool = True  # whether a control stays until the next one, or for one tick
    control_is_new: bool = False

    def apply_control(self, control: VehicleControl, manual: bool, gear: int) -> None:
        """Set the control that holds from the next tick on."""
        self.control, self.manual_gear, self.control_is_new = control, (manual, gear), True

    def expire_control(self) -> None:
        """Reset a control that is older than one tick, at the start of the next: until then, clients still see it."""
        if not self.control_is_new:
            self.control, self.manual_gear = VehicleControl(), (False, 0)
        self.control_is_new = False

    def corners(self) -> list[tuple[float, float]]:
        """Corners of the car's outline on the ground, (x, y) in metres."""
        return rectangle(self.pose[0], self.pose[1], self.pose[4], self.half_size[0], self.half_size[1])

    def carries(self, eye: Vector) -> bool:
        """Whether a camera at this world position is mounted on the car (inside, hood or roof) rather than looking at it."""
        dx, dy = eye[0] - self.motion.x, eye[1] - self.motion.y
        c, s = math.cos(self.motion.yaw), math.sin(self.motion.yaw)
        inside = abs(c * dx + s * dy) <= self.half_size[0] and abs(c * dy - s * dx) <= self.half_size[1]
        return inside and eye[2] <= 2.0 * self.half_size[2] + MOUNT_HEIGHT


@dataclass(eq=False)
class SensorActor(Actor):
    """A sensor. ``period`` is its sensor_tick in simulation seconds, 0 for every tick."""

    sensor: Sensor = field(kw_only=True)
    period: float = 0.0
    due: float = 0.0
    camera: Camera | None = None
