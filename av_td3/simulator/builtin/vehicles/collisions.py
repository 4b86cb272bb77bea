"""Collisions of cars with cars and with what stands beside the road.

Outlines are oriented rectangles on the ground. Bodies that overlap are pushed apart and exchange one impulse at the point of
contact (Baraff, "Physically Based Modeling: Rigid Body Simulation", SIGGRAPH course notes 2001, section 8): along the contact
normal with little bounce, as cars crumple, and along the contact with Coulomb's friction. An impulse beside the centre of mass
spins the car.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled

RESTITUTION = 0.1
SCRAPING = 0.4  # friction between bodies
CELL = 40.0  # m, edge of the squares by which obstacles are looked up
LONGEST_CAR = 6.0  # m
MAX_CONTACTS = 1024  # in one tick

CONTACT = np.dtype([("car", np.int64), ("other", np.int64), ("impulse", np.float64, 2)])  # N s on car; other -1: an obstacle


@dataclass(frozen=True)
class Obstacles:
    """Rectangles that do not move, indexed by a grid of squares.

    Args:
        boxes: ``(n, 6)``: x, y, cosine and sine of yaw, half length, half width (m).
        first: of each square, where its entries begin in ``entries``; one more at the end, ``(columns * rows + 1,)``.
        entries: rows of ``boxes``.
        column: number of the first column.
        row: number of the first row.
        columns: how many there are.

    """

    boxes: NDArray[np.float64]
    first: NDArray[np.int64]
    entries: NDArray[np.int64]
    column: int
    row: int
    columns: int

    @classmethod
    def of(cls, rectangles: list[tuple[float, float, float, float, float]]) -> "Obstacles":
        """The obstacles given as x, y, yaw (degrees), half length, half width."""
        yaws = [math.radians(yaw) for _, _, yaw, _, _ in rectangles]
        rows = [(x, y, math.cos(a), math.sin(a), hl, hw) for (x, y, _, hl, hw), a in zip(rectangles, yaws, strict=True)]
        reach = [math.hypot(hl, hw) + LONGEST_CAR / 2.0 for *_, hl, hw in rectangles]
        spans = [
            [int(edge // CELL) for edge in (x - far, x + far, y - far, y + far)]
            for (x, y, *_), far in zip(rectangles, reach, strict=True)
        ] or [[0, 0, 0, 0]]
        left, right = min(span[0] for span in spans), max(span[1] for span in spans)
        top, bottom = min(span[2] for span in spans), max(span[3] for span in spans)
        columns = right - left + 1
        cells: list[list[int]] = [[] for _ in range(columns * (bottom - top + 1))]
        for number, (a, b, c, d) in enumerate(spans[: len(rows)]):
            for cell in ((r - top) * columns + q - left for r in range(c, d + 1) for q in range(a, b + 1)):
                cells[cell].append(number)
        first = np.cumsum([0, *(len(cell) for cell in cells)])
        entries = np.array([number for cell in cells for number in cell], np.int64)
        return cls(np.array(rows, np.float64).reshape(-1, 6), first, entries, left, top, columns)


@compiled
def overlap(ax, ay, ac, as_, al, aw, bx, by, bc, bs, bl, bw):  # type: ignore[no-untyped-def]
    """Separating axis test of two rectangles, each by centre, cosine and sine of yaw, half length and half width.

    Returns:
        Depth of the overlap (m; negative where they are apart), and the unit normal from b to a of the shortest way out.

    """
    dx, dy = ax - bx, ay - by
    cos, sin = abs(ac * bc + as_ * bs), abs(ac * bs - as_ * bc)
    depth, nx, ny = 1e30, 0.0, 0.0
    for axis in range(4):
        ex, ey = (ac, as_) if axis == 0 else (-as_, ac) if axis == 1 else (bc, bs) if axis == 2 else (-bs, bc)
        own = al if axis == 0 else aw if axis == 1 else bl if axis == 2 else bw
        long, wide = (bl, bw) if axis < 2 else (al, aw)
        other = long * cos + wide * sin if axis % 2 == 0 else long * sin + wide * cos
        distance = dx * ex + dy * ey
        room = own + other - abs(distance)
        if room <= 0.0:
            return -1.0, 0.0, 0.0
        if room < depth:
            sign = 1.0 if distance >= 0.0 else -1.0
            depth, nx, ny = room, sign * ex, sign * ey
    return depth, nx, ny


@compiled
def contact_point(ax, ay, ac, as_, al, aw, bx, by, bc, bs, bl, bw):  # type: ignore[no-untyped-def]
    """Mean of the corners of either rectangle that lie inside the other; halfway between the centres where none does."""
    x, y, count = 0.0, 0.0, 0
    for i in range(4):
        sx, sy = (1.0 if i < 2 else -1.0), (1.0 if i % 2 else -1.0)
        px, py = ax + sx * al * ac - sy * aw * as_, ay + sx * al * as_ + sy * aw * ac
        if abs((px - bx) * bc + (py - by) * bs) <= bl and abs((py - by) * bc - (px - bx) * bs) <= bw:
            x, y, count = x + px, y + py, count + 1
        px, py = bx + sx * bl * bc - sy * bw * bs, by + sx * bl * bs + sy * bw * bc
        if abs((px - ax) * ac + (py - ay) * as_) <= al and abs((py - ay) * ac - (px - ax) * as_) <= aw:
            x, y, count = x + px, y + py, count + 1
    if count == 0:
        return 0.5 * (ax + bx), 0.5 * (ay + by)
    return x / count, y / count


@compiled
def push(car, jx, jy, px, py):  # type: ignore[no-untyped-def]
    """Apply an impulse (N s, world) at a point to a car."""
    c, s = math.cos(car.yaw), math.sin(car.yaw)
    car.forward += (jx * c + jy * s) / car.mass
    car.lateral += (jy * c - jx * s) / car.mass
    car.yaw_rate += ((px - car.position[0]) * jy - (py - car.position[1]) * jx) / car.inertia


@compiled
def velocity_at(car, px, py):  # type: ignore[no-untyped-def]
    """World velocity (m/s) of a point of a car."""
    c, s = math.cos(car.yaw), math.sin(car.yaw)
    rx, ry = px - car.position[0], py - car.position[1]
    return (
        car.forward * c - car.lateral * s - car.yaw_rate * ry,
        car.forward * s + car.lateral * c + car.yaw_rate * rx,
    )


@compiled
def yielding(car, px, py, nx, ny):  # type: ignore[no-untyped-def]
    """How much a point of a car changes its velocity along a unit vector per impulse along it, 1/kg."""
    if not car.physics:
        return 0.0
    lever = (px - car.position[0]) * ny - (py - car.position[1]) * nx
    return 1.0 / car.mass + lever * lever / car.inertia


@compiled
def add_contact(contacts, count, car, other, jx, jy):  # type: ignore[no-untyped-def]
    """Add an impulse to the contact of this pair in this tick; returns how many contacts there are."""
    for k in range(count):
        if contacts[k].car == car and contacts[k].other == other:
            contacts[k].impulse[0] += jx
            contacts[k].impulse[1] += jy
            return count
    if count < contacts.shape[0]:
        contacts[count].car, contacts[count].other = car, other
        contacts[count].impulse[0], contacts[count].impulse[1] = jx, jy
        return count + 1
    return count


@compiled
def collide_cars(a, b):  # type: ignore[no-untyped-def]
    """Separate two cars and exchange an impulse; returns the one on ``a`` (N s), zero where they do not collide."""
    ac, as_, bc, bs = math.cos(a.yaw), math.sin(a.yaw), math.cos(b.yaw), math.sin(b.yaw)
    ax, ay, bx, by = a.position[0], a.position[1], b.position[0], b.position[1]
    al, aw, bl, bw = a.half_size[0], a.half_size[1], b.half_size[0], b.half_size[1]
    depth, nx, ny = overlap(ax, ay, ac, as_, al, aw, bx, by, bc, bs, bl, bw)
    if depth <= 0.0:
        return 0.0, 0.0
    px, py = contact_point(ax, ay, ac, as_, al, aw, bx, by, bc, bs, bl, bw)
    ma, mb = (1.0 / a.mass if a.physics else 0.0), (1.0 / b.mass if b.physics else 0.0)
    if ma + mb == 0.0:
        return 0.0, 0.0
    a.position[0] += nx * depth * ma / (ma + mb)
    a.position[1] += ny * depth * ma / (ma + mb)
    b.position[0] -= nx * depth * mb / (ma + mb)
    b.position[1] -= ny * depth * mb / (ma + mb)
    vax, vay = velocity_at(a, px, py)
    vbx, vby = velocity_at(b, px, py)
    vx, vy = vax - vbx, vay - vby
    approach = vx * nx + vy * ny
    if approach >= 0.0:
        return 0.0, 0.0
    j = -(1.0 + RESTITUTION) * approach / (yielding(a, px, py, nx, ny) + yielding(b, px, py, nx, ny))
    along = -vx * ny + vy * nx
    scrape = -along / (yielding(a, px, py, -ny, nx) + yielding(b, px, py, -ny, nx))
    scrape = max(-SCRAPING * j, min(SCRAPING * j, scrape))
    jx, jy = j * nx - scrape * ny, j * ny + scrape * nx
    if a.physics:
        push(a, jx, jy, px, py)
    if b.physics:
        push(b, -jx, -jy, px, py)
    return jx, jy


@compiled
def collide_with_obstacle(a, box):  # type: ignore[no-untyped-def]
    """Push a car out of an obstacle ``(6,)``; returns the impulse on it (N s), zero where they do not collide."""
    ac, as_ = math.cos(a.yaw), math.sin(a.yaw)
    al, aw = a.half_size[0], a.half_size[1]
    ax, ay = a.position[0], a.position[1]
    depth, nx, ny = overlap(ax, ay, ac, as_, al, aw, box[0], box[1], box[2], box[3], box[4], box[5])
    if depth <= 0.0:
        return 0.0, 0.0
    px, py = contact_point(ax, ay, ac, as_, al, aw, box[0], box[1], box[2], box[3], box[4], box[5])
    a.position[0] += nx * depth
    a.position[1] += ny * depth
    vx, vy = velocity_at(a, px, py)
    approach = vx * nx + vy * ny
    if approach >= 0.0:
        return 0.0, 0.0
    j = -(1.0 + RESTITUTION) * approach / yielding(a, px, py, nx, ny)
    scrape = -(-vx * ny + vy * nx) / yielding(a, px, py, -ny, nx)
    scrape = max(-SCRAPING * j, min(SCRAPING * j, scrape))
    jx, jy = j * nx - scrape * ny, j * ny + scrape * nx
    push(a, jx, jy, px, py)
    return jx, jy


@compiled
def resolve_collisions(bodies, order, boxes, first, entries, left, top, columns, contacts, count):  # type: ignore[no-untyped-def]
    """Separate the bodies that overlap; returns how many ``contacts`` there are in this tick, of which there were ``count``."""
    for n in range(order.shape[0]):
        a = bodies[order[n]]
        if not a.collides:
            continue
        for m in range(n + 1, order.shape[0]):
            b = bodies[order[m]]
            dx, dy, reach = a.position[0] - b.position[0], a.position[1] - b.position[1], a.radius + b.radius
            if dx * dx + dy * dy < reach * reach and b.collides:
                jx, jy = collide_cars(a, b)
                if jx != 0.0 or jy != 0.0:
                    count = add_contact(contacts, count, order[n], order[m], jx, jy)
        if a.physics and (a.forward != 0.0 or a.lateral != 0.0 or a.yaw_rate != 0.0):
            column, row = math.floor(a.position[0] / CELL) - left, math.floor(a.position[1] / CELL) - top
            cell = int(row * columns + column)
            if 0 <= column < columns and row >= 0 and cell + 1 < first.shape[0]:
                for k in range(first[cell], first[cell + 1]):
                    jx, jy = collide_with_obstacle(a, boxes[entries[k]])
                    if jx != 0.0 or jy != 0.0:
                        count = add_contact(contacts, count, order[n], -1, jx, jy)
    return count


@compiled
def is_occupied(bodies, order, boxes, x, y, c, s, half_length, half_width):  # type: ignore[no-untyped-def]
    """Whether a rectangle touches a car or an obstacle."""
    for slot in order:
        b = bodies[slot]
        bc, bs, bl, bw = math.cos(b.yaw), math.sin(b.yaw), b.half_size[0], b.half_size[1]
        if overlap(x, y, c, s, half_length, half_width, b.position[0], b.position[1], bc, bs, bl, bw)[0] > 0.0:
            return True
    for k in range(boxes.shape[0]):
        box = boxes[k]
        if overlap(x, y, c, s, half_length, half_width, box[0], box[1], box[2], box[3], box[4], box[5])[0] > 0.0:
            return True
    return False
