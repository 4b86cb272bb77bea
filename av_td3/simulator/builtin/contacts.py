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


@dataclass(frozen=True)
class Collision:
    """A car was hit: by another car, or by a house (``other`` is None). Impulse on the car in N s, world frame."""

    actor: VehicleActor
    other: VehicleActor | None
    impulse: tuple[float, float, float]


class Houses:
    """The houses of a town, found by place."""

    def __init__(self, buildings: list[Building]):
        self._cells: dict[tuple[int, int], list[list[tuple[float, float]]]] = defaultdict(list)
        for b in buildings:
            corners = rectangle(b.x, b.y, b.yaw, b.half_length, b.half_width)
            reach = math.hypot(b.half_length, b.half_width)
            columns = range(int((b.x - reach) // CELL), int((b.x + reach) // CELL) + 1)
            rows = range(int((b.y - reach) // CELL), int((b.y + reach) // CELL) + 1)
            for cell in ((c, r) for c in columns for r in rows):
                self._cells[cell].append(corners)

    def around(self, x: float, y: float) -> list[list[tuple[float, float]]]:
        """Outlines of the houses that reach into the square of a point."""
        return self._cells.get((int(x // CELL), int(y // CELL)), [])


def resolve(cars: list[VehicleActor], houses: Houses) -> list[Collision]:
    """Find all contacts of this tick, push the bodies apart, change their velocities, and report both sides."""
    out: list[Collision] = []
    for i, a in enumerate(cars):
        for b in cars[i + 1 :]:
            reach = a.radius + b.radius
            dx, dy = a.pose[0] - b.pose[0], a.pose[1] - b.pose[1]
            if abs(dx) < reach and abs(dy) < reach:
                contact = penetration(a.corners(), b.corners())
                if contact is not None:
                    out += _between(a, b, *contact)
        if a.motion.forward != 0.0 or a.motion.lateral != 0.0:
            for house in houses.around(a.pose[0], a.pose[1]):
                contact = penetration(a.corners(), house)
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
