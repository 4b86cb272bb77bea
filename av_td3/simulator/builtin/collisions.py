"""Collisions of cars with cars and buildings.

Outlines are oriented rectangles on the ground. Bodies that overlap are pushed apart and exchange one impulse along the
contact normal (Baraff, "Physically Based Modeling: Rigid Body Simulation", SIGGRAPH course notes 2001, section 8), without
spin and with little bounce, as cars crumple.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

from av_td3.simulator.builtin.actors import VehicleActor
from av_td3.simulator.builtin.geometry import penetration, rectangle
from av_td3.simulator.builtin.town import Building

RESTITUTION = 0.1
CELL = 40.0  # m, edge of the squares by which buildings are looked up
LONGEST_CAR = 6.0  # m


@dataclass(frozen=True)
class Collision:
    """A collision of a car with another car, or with a building (``other`` is None). Impulse on the car in N s, world frame."""

    actor: VehicleActor
    other: VehicleActor | None
    impulse: tuple[float, float, float]


@dataclass(frozen=True)
class Obstacle:
    """A building as an obstacle: corners of its outline, and centre and radius of the circle around it, in metres."""

    corners: list[tuple[float, float]]
    x: float
    y: float
    radius: float


class Obstacles:
    """The buildings of a town, indexed by a grid."""

    def __init__(self, buildings: list[Building]):
        self._cells: dict[tuple[int, int], list[Obstacle]] = defaultdict(list)
        for b in buildings:
            radius = math.hypot(b.half_length, b.half_width)
            obstacle = Obstacle(rectangle(b.x, b.y, b.yaw, b.half_length, b.half_width), b.x, b.y, radius)
            reach = radius + LONGEST_CAR / 2.0
            columns = range(int((b.x - reach) // CELL), int((b.x + reach) // CELL) + 1)
            rows = range(int((b.y - reach) // CELL), int((b.y + reach) // CELL) + 1)
            for cell in ((c, r) for c in columns for r in rows):
                self._cells[cell].append(obstacle)

    def near(self, x: float, y: float, radius: float) -> list[Obstacle]:
        """The buildings that a body of this radius (m) at this position may touch."""
        cell = self._cells.get((int(x // CELL), int(y // CELL)), ())
        return [o for o in cell if (o.x - x) ** 2 + (o.y - y) ** 2 < (o.radius + radius) ** 2]


def resolve_collisions(cars: list[VehicleActor], obstacles: Obstacles) -> list[Collision]:
    """Separate the bodies that overlap and update their velocities; returns one collision per car involved."""
    out: list[Collision] = []
    for i, a in enumerate(cars):
        x, y, radius = a.pose[0], a.pose[1], a.model.radius
        for b in cars[i + 1 :]:
            dx, dy, reach = x - b.pose[0], y - b.pose[1], radius + b.model.radius
            if dx * dx + dy * dy < reach * reach:
                contact = penetration(a.corners(), b.corners())
                if contact is not None:
                    out += _with_car(a, b, *contact)
        if a.motion.forward != 0.0 or a.motion.lateral != 0.0:
            for building in obstacles.near(x, y, radius):
                contact = penetration(a.corners(), building.corners)
                if contact is not None:
                    out += _with_building(a, *contact)
    return out


def _with_car(a: VehicleActor, b: VehicleActor, depth: float, nx: float, ny: float) -> list[Collision]:
    ma, mb = a.model.mass, b.model.mass
    _move(a, nx * depth * mb / (ma + mb), ny * depth * mb / (ma + mb))
    _move(b, -nx * depth * ma / (ma + mb), -ny * depth * ma / (ma + mb))
    approach = (a.velocity[0] - b.velocity[0]) * nx + (a.velocity[1] - b.velocity[1]) * ny
    if approach >= 0.0:
        return []
    j = -(1.0 + RESTITUTION) * approach / (1.0 / ma + 1.0 / mb)
    _push(a, j * nx, j * ny)
    _push(b, -j * nx, -j * ny)
    return [Collision(a, b, (j * nx, j * ny, 0.0)), Collision(b, a, (-j * nx, -j * ny, 0.0))]


def _with_building(a: VehicleActor, depth: float, nx: float, ny: float) -> list[Collision]:
    _move(a, nx * depth, ny * depth)
    approach = a.velocity[0] * nx + a.velocity[1] * ny
    if approach >= 0.0:
        return []
    j = -(1.0 + RESTITUTION) * approach * a.model.mass
    _push(a, j * nx, j * ny)
    return [Collision(a, None, (j * nx, j * ny, 0.0))]


def _move(car: VehicleActor, dx: float, dy: float) -> None:
    car.motion.x += dx
    car.motion.y += dy
    car.pose[0] += dx
    car.pose[1] += dy


def _push(car: VehicleActor, jx: float, jy: float) -> None:
    car.velocity[0] += jx / car.model.mass
    car.velocity[1] += jy / car.model.mass
    c, s = math.cos(car.motion.yaw), math.sin(car.motion.yaw)
    car.motion.forward = c * car.velocity[0] + s * car.velocity[1]
    car.motion.lateral = -s * car.velocity[0] + c * car.velocity[1]
