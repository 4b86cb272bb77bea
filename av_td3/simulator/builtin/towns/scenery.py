"""What stands beside the roads of a town: buildings, trees and street lamps, each on ground that is free."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from av_td3.simulator.builtin.geometry import penetration, rectangle
from av_td3.simulator.builtin.towns.ground import Ground, Surface
from av_td3.simulator.builtin.towns.roads import Floats, Lane, Road, Section
from av_td3.simulator.builtin.towns.strips import PAVEMENT

LAMP_SPACING = 30.0  # m along one side of a road
LAMP_HEIGHT = 7.0  # m
LAMP_INSET = 0.25  # m from the outer edge of the pavement to the pole
LAMP_REACH = 2.0  # m around a lamp that no tree touches
TREE_DISTANCE = (1.0, 22.0)  # m between the outer edge of a road and a crown
TREE_CLEARANCE = 1.0  # m between a crown and a building or another crown


@dataclass(frozen=True)
class Building:
    """A box on the ground: centre (m), yaw (degrees), half sizes and height (m), colour."""

    x: float
    y: float
    yaw: float
    half_length: float
    half_width: float
    height: float
    color: tuple[int, int, int]  # blue, green, red


@dataclass(frozen=True)
class Tree:
    """A tree: foot of the trunk (m), height and radius of the crown (m)."""

    x: float
    y: float
    height: float
    radius: float


@dataclass(frozen=True)
class Lamp:
    """A street lamp: foot of the pole (m), the direction in which its arm reaches (degrees), height (m)."""

    x: float
    y: float
    yaw: float
    height: float


def place_buildings(roads: list[Road], ground: Ground, seed: int) -> list[Building]:
    """Buildings along both sides of the streets, where the footprint is all grass and overlaps no other building."""
    rng = np.random.default_rng(seed)
    out: list[Building] = []
    for road in (r for r in roads if r.junction < 0):
        for side in _built_sides(road):
            s = float(rng.uniform(4.0, 10.0))
            while s < road.length:
                half_length, half_width = rng.uniform(5.0, 9.0), rng.uniform(4.0, 6.0)
                t = side * (_reach(road, s + half_length, side) + rng.uniform(3.0, 6.0) + half_width)
                x, y, heading = road.at(s + half_length, t)
                yaw = math.degrees(heading)
                corners = rectangle(x, y, yaw, half_length, half_width)
                shade = rng.integers(90, 190)
                blue, green, red = (int(v) for v in np.clip(shade + rng.integers(-25, 26, 3), 0, 255))
                if ground.is_grass(corners) and not any(_overlap(b, x, y, half_length + half_width, corners) for b in out):
                    height = float(rng.uniform(5.0, 16.0))
                    out.append(Building(x, y, yaw, half_length, half_width, height, (blue, green, red)))
                s += 2.0 * half_length + float(rng.uniform(3.0, 14.0))
    return out


def place_lamps(roads: list[Road], ground: Ground) -> tuple[Lamp, ...]:
    """Lamps at the outer edge of pavements, on the right side half a spacing before those on the left."""
    out = []
    for road in (r for r in roads if r.junction < 0):
        for section in road.sections:
            for side, first in ((-1, 0.25), (1, 0.75)):
                lane = _outermost(section, side)
                if lane is None or lane.kind not in PAVEMENT:
                    continue
                for s in np.arange(section.start + first * LAMP_SPACING, section.end, LAMP_SPACING).tolist():
                    x, y, heading = road.at(s, side * (_reach(road, s, side) - LAMP_INSET))
                    if ground.surface_at(x, y) == Surface.SIDEWALK:
                        out.append(Lamp(x, y, math.degrees(heading) + 90.0 * side, LAMP_HEIGHT))
    return tuple(out)


def place_trees(
    roads: list[Road], ground: Ground, buildings: list[Building], lamps: tuple[Lamp, ...], seed: int
) -> tuple[Tree, ...]:
    """Trees beside the roads, where the crown is over grass and touches no building, lamp or other crown."""
    rng = np.random.default_rng([seed, 1])
    boxes = np.array([(b.x, b.y, math.radians(b.yaw), b.half_length, b.half_width) for b in buildings]).reshape(-1, 5)
    circles = np.array([(lamp.x, lamp.y, LAMP_REACH) for lamp in lamps]).reshape(-1, 3)
    out: list[Tree] = []
    for road in (r for r in roads if r.junction < 0):
        for side in (1.0, -1.0):
            for s in _steps(rng, road.length):
                height = float(rng.uniform(4.0, 10.0))
                radius = height * float(rng.uniform(0.22, 0.35))
                x, y, _ = road.at(s, side * (_reach(road, s, side) + radius + float(rng.uniform(*TREE_DISTANCE))))
                if ground.is_grass(rectangle(x, y, 0.0, radius, radius)) and _is_clear(x, y, radius, boxes, circles):
                    out.append(Tree(x, y, height, radius))
                    circles = np.vstack([circles, (x, y, radius)])
    return tuple(out)


def _built_sides(road: Road) -> list[float]:
    """The sides on which buildings may stand: not on a median or an island."""
    outermost = [_outermost(road.sections[0], side) for side in (1, -1)]
    return [math.copysign(1.0, lane.id) for lane in outermost if lane is not None and lane.kind != "median"]


def _steps(rng: np.random.Generator, end: float) -> Iterator[float]:
    s = float(rng.uniform(2.0, 10.0))
    while s < end:
        yield s
        s += float(rng.uniform(4.0, 12.0))


def _reach(road: Road, s: float, side: float) -> float:
    """From a road's reference line to the outer edge of its pavement, or of its last lane, on one side (+1: left), m."""
    section = road.section(s)
    lane = _outermost(section, int(side))
    number = 0 if lane is None else lane.id
    edge = road.edges(section, np.float64(min(s, road.length)))[number][1]
    return max(0.0, side * float(edge))


def _outermost(section: Section, side: int) -> Lane | None:
    return max((lane for lane in section.lanes if lane.id * side > 0), key=lambda lane: abs(lane.id), default=None)


def _overlap(building: Building, x: float, y: float, reach: float, corners: list[tuple[float, float]]) -> bool:
    """Whether a rectangle around (x, y), all of it within ``reach``, touches a building."""
    if math.hypot(building.x - x, building.y - y) > reach + building.half_length + building.half_width:
        return False
    other = rectangle(building.x, building.y, building.yaw, building.half_length, building.half_width)
    return penetration(corners, other) is not None


def _is_clear(x: float, y: float, radius: float, boxes: Floats, circles: Floats) -> bool:
    """Whether a circle keeps TREE_CLEARANCE from boxes (rows of x, y, yaw in rad, half sizes) and other circles."""
    dx, dy = x - boxes[:, 0], y - boxes[:, 1]
    cosine, sine = np.cos(boxes[:, 2]), np.sin(boxes[:, 2])
    outside_x = np.maximum(np.abs(cosine * dx + sine * dy) - boxes[:, 3], 0.0)
    outside_y = np.maximum(np.abs(cosine * dy - sine * dx) - boxes[:, 4], 0.0)
    gaps = np.hypot(circles[:, 0] - x, circles[:, 1] - y) - circles[:, 2]
    return bool((np.hypot(outside_x, outside_y) > radius + TREE_CLEARANCE).all() and (gaps > radius + TREE_CLEARANCE).all())
