"""Collisions between cars, and of cars with houses.

Outlines are oriented rectangles on the ground. Bodies that overlap are pushed apart and exchange one impulse along the
contact normal (Baraff, "Physically Based Modeling: Rigid Body Simulation", SIGGRAPH course notes 2001, section 8), without
spin and with little bounce, which is what crumpling cars do.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

from av_td3.simulator.builtin.actors import VehicleActor
from av_td3.simulator.builtin.geometry import penetration, rectangle
from av_td3.simulator.builtin.town import Building

RESTITUTION = 0.1
CELL = 40.0  # m, edge of the squares by which houses are looked up
LONGEST_CAR = 6.0  # m


@dataclass(frozen=True)
class Collision:
    """A car was hit: by another car, or by a house (``other`` is None). Impulse on the car in N s, world frame."""

    actor: VehicleActor
    other: VehicleActor | None
    impulse: tuple[float, float, float]


@dataclass(frozen=True)
class House:
    """A house as an obstacle: its outline, and the circle around it."""

    corners: list[tuple[float, float]]
    x: float
    y: float
    radius: float


class Houses:
    """The houses of a town, found by place."""

    def __init__(self, buildings: list[Building]):
        self._cells: dict[tuple[int, int], list[House]] = defaultdict(list)
        for b in buildings:
            radius = math.hypot(b.half_length, b.half_width)
            house = House(rectangle(b.x, b.y, b.yaw, b.half_length, b.half_width), b.x, b.y, radius)
            reach = radius + LONGEST_CAR / 2.0
            columns = range(int((b.x - reach) // CELL), int((b.x + reach) // CELL) + 1)
            rows = range(int((b.y - reach) // CELL), int((b.y + reach) // CELL) + 1)
            for cell in ((c, r) for c in columns for r in rows):
                self._cells[cell].append(house)

    def near(self, x: float, y: float, radius: float) -> list[House]:
        """The houses that a body of this radius (m) at this place may touch."""
        cell = self._cells.get((int(x // CELL), int(y // CELL)), ())
        return [h for h in cell if (h.x - x) ** 2 + (h.y - y) ** 2 < (h.radius + radius) ** 2]


def resolve(cars: list[VehicleActor], houses: Houses) -> list[Collision]:
    """Find all contacts of this tick, push the bodies apart, change their velocities, and report both sides."""
    out: list[Collision] = []
    for i, a in enumerate(cars):
        x, y, radius = a.pose[0], a.pose[1], a.model.radius
        for b in cars[i + 1 :]:
            dx, dy, reach = x - b.pose[0], y - b.pose[1], radius + b.model.radius
            if dx * dx + dy * dy < reach * reach:
                contact = penetration(a.corners(), b.corners())
                if contact is not None:
                    out += _between(a, b, *contact)
        if a.motion.forward != 0.0 or a.motion.lateral != 0.0:
            for house in houses.near(x, y, radius):
                contact = penetration(a.corners(), house.corners)
                if contact is not None:
                    out += _against_house(a, *contact)
    return out


def _between(a: VehicleActor, b: VehicleActor, depth: float, nx: float, ny: float) -> list[Collision]:
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


def _against_house(a: VehicleActor, depth: float, nx: float, ny: float) -> list[Collision]:
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
