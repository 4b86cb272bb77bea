"""The map of a rendered frame: what is around the car, seen from above, with the car's heading up."""

import math
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.env.other_vehicles import HALF_LENGTH, HALF_WIDTH, YAW, X, Y
from av_td3.env.rendering.painting import (
    BAD,
    GOOD,
    NEUTRAL,
    OWN_CAR,
    ROUTE,
    TEXT,
    Color,
    Frame,
    blend,
    draw_line,
    draw_text,
    fill_circle,
    fill_polygon,
)
from av_td3.env.rendering.scene import Scene

SUPERSAMPLING = 2  # pixels that are drawn for one of the frame, in each direction
GROUND: Color = (39, 48, 45)
KERB: Color = (112, 118, 126)
ROAD: Color = (66, 70, 78)
DRIVEN: Color = (62, 88, 128)  # the route behind the car
OTHER_CAR: Color = (214, 220, 230)
WINDSCREEN: Color = (40, 44, 52)
CAR_AT = 0.7  # of the map's height, from its top
ROUTE_WIDTH, TRAIL_WIDTH, LINE_WIDTH = 1.3, 0.6, 0.3  # m
GOAL_RADIUS = 2.2  # m
NOSE, WINDOW = 0.45, 0.15  # shares of half the length at which the windscreen starts and ends


class Projection:
    """Maps CARLA's frame to the pixels of the map.

    Args:
        pose: x and y (m) and yaw (rad) of the car, which is in the middle of the lower part and drives up.
        width: of the map, pixels.
        height: of the map, pixels.
        span: metres from its left to its right edge.

    """

    def __init__(self, pose: tuple[float, float, float], width: int, height: int, span: float):
        x, y, yaw = pose
        self.scale = width / span  # pixels in one metre
        self._car = np.array([x, y])
        self._origin = np.array([0.5 * width, CAR_AT * height])
        ahead, right = (math.cos(yaw), math.sin(yaw)), (-math.sin(yaw), math.cos(yaw))
        self._axes = self.scale * np.array([right, (-ahead[0], -ahead[1])]).T

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels of points in metres, both float64 (n, 2)."""
        return np.asarray((points - self._car) @ self._axes + self._origin)


def draw_map(scene: Scene, width: int, height: int, span: float) -> Frame:
    """Draw the map.

    Args:
        scene: what to draw.
        width: pixels.
        height: pixels.
        span: metres from its left to its right edge.

    Returns:
        uint8 (height, width, 3), red, green, blue.

    """
    large = np.empty((SUPERSAMPLING * height, SUPERSAMPLING * width, 3), np.uint8)
    large[:] = GROUND
    project = Projection(scene.pose, SUPERSAMPLING * width, SUPERSAMPLING * height, span)
    _draw_lanes(large, scene, project, span * max(1.0, height / width))
    _draw_route(large, scene, project)
    _draw_trail(large, scene.trail, project)
    for other in scene.others:
        _draw_car(large, project, (other[X], other[Y], other[YAW]), (other[HALF_LENGTH], other[HALF_WIDTH]), OTHER_CAR)
    _draw_car(large, project, scene.pose, scene.half_size, OWN_CAR)
    frame = np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    _draw_scale(frame, width / span)
    return frame


def _draw_lanes(frame: Frame, scene: Scene, project: Projection, radius: float) -> None:
    """Draw every lane with its edges; where lanes cross, the road covers the edges."""
    x, y, _ = scene.pose
    lanes = [project(lane) for lane in scene.lanes.near(x, y, radius)]
    width = scene.route.lane_width * project.scale
    for color, thickness in ((KERB, width + 1.0), (ROAD, width - 2.0 * LINE_WIDTH * project.scale)):
        for lane in lanes:
            draw_line(frame, lane, color, thickness)


def _draw_route(frame: Frame, scene: Scene, project: Projection) -> None:
    route = scene.route
    at = np.arange(0.0, route.length, 1.0)
    points = route.ahead(0.0, np.append(at, route.length))
    split = int(np.searchsorted(at, scene.travelled))
    draw_line(frame, project(points[: split + 1]), DRIVEN, ROUTE_WIDTH * project.scale)
    draw_line(frame, project(points[split:]), ROUTE, ROUTE_WIDTH * project.scale)
    goal = project(points[-1:])[0]
    for color, radius in ((TEXT, 1.0), (ROUTE, 0.72), (TEXT, 0.36)):
        fill_circle(frame, goal, radius * GOAL_RADIUS * project.scale, color)


def _draw_trail(frame: Frame, trail: NDArray[np.float64], project: Projection) -> None:
    """Draw where the car has been, from red through yellow to green with the reward of the step, -1 to 1."""
    points = project(trail[:, :2])
    inside = np.all((points >= 0.0) & (points <= (frame.shape[1], frame.shape[0])), axis=1)
    for before, after in pairwise(range(len(trail))):
        if inside[before] or inside[after]:
            color = color_of_reward(float(trail[after, 2]))
            draw_line(frame, points[[before, after]], color, TRAIL_WIDTH * project.scale)


def color_of_reward(reward: float) -> Color:
    """Red at -1 and below, yellow at 0, green at 1 and above."""
    return blend(NEUTRAL, GOOD if reward > 0.0 else BAD, min(1.0, abs(reward)))


def _draw_car(
    frame: Frame, project: Projection, pose: tuple[float, float, float], half_size: tuple[float, float], color: Color
) -> None:
    x, y, yaw = pose
    length, width = half_size
    turned = np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
    body = np.array([[length, 0.8 * width], [length, -0.8 * width], [0.8 * length, -width], [-length, -width],
                     [-length, width], [0.8 * length, width]])  # fmt: skip
    windscreen = np.array([[NOSE * length, 0.75 * width], [NOSE * length, -0.75 * width], [WINDOW * length, -0.7 * width],
                           [WINDOW * length, 0.7 * width]])  # fmt: skip
    rim = 1.0 + 0.25 / np.array([length, width])
    for shape, shade in ((body * rim, WINDSCREEN), (body, color), (windscreen, WINDSCREEN)):
        fill_polygon(frame, project(shape @ turned + (x, y)), shade)


def _draw_scale(frame: Frame, scale: float) -> None:
    """Draw a bar of a round number of metres, about a fifth of the map's width long."""
    height, width = frame.shape[:2]
    unit = height / 360.0
    wanted = 0.22 * width / scale
    power = 10.0 ** math.floor(math.log10(wanted))
    metres = max(power * step for step in (1.0, 2.0, 5.0) if power * step <= wanted)
    right, bottom = width - 12.0 * unit, height - 12.0 * unit
    left = right - metres * scale
    ends = np.array([[left, bottom - 4.0 * unit], [left, bottom], [right, bottom], [right, bottom - 4.0 * unit]])
    draw_line(frame, ends, TEXT, 1.5 * unit)
    draw_text(frame, f"{metres:g} m", (left + right) / 2.0, bottom - 6.0 * unit, 9.0 * unit, TEXT, align=0.5)
