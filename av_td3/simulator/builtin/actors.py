"""The things in the world that have an id."""

from dataclasses import dataclass, field

from av_td3.simulator.builtin.blueprints import Sensor
from av_td3.simulator.builtin.camera import Camera
from av_td3.simulator.builtin.geometry import Pose, rectangle
from av_td3.simulator.builtin.vehicle import Motion, Pedals, VehicleModel

Description = list[object]  # [uid, type id, [[attribute, type, value]...]] as the client sent it
Vector = list[float]


@dataclass(eq=False)
class Actor:
    """What every actor has. Velocities in m/s and deg/s, accelerations in m/s2, all in the world's frame."""

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
        """The value that the spawning script gave to an attribute."""
        attributes: list[list[str]] = self.description[2]  # type: ignore[assignment]
        return next((value for key, _, value in attributes if key == name), default)


@dataclass(eq=False)
class VehicleActor(Actor):
    """A car: what its driver does, and how it moves."""

    model: VehicleModel = field(kw_only=True)
    motion: Motion = field(kw_only=True)
    pedals: Pedals = field(default_factory=Pedals)
    manual_gear: tuple[bool, int] = (False, 0)
    lights: int = 0
    paint: tuple[int, int, int] = (103, 37, 17)  # blue, green, red
    physics: bool = True
    constant_velocity: Vector | None = None

    def corners(self) -> list[tuple[float, float]]:
        """The four corners of its outline on the ground."""
        return rectangle(self.pose[0], self.pose[1], self.pose[4], self.half_size[0], self.half_size[1])


@dataclass(eq=False)
class SensorActor(Actor):
    """A sensor. ``period`` is its sensor_tick in simulation seconds, 0 for every tick."""

    sensor: Sensor = field(kw_only=True)
    period: float = 0.0
    due: float = 0.0
    camera: Camera | None = None
