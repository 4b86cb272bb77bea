"""Maps of the ground, seen from above: shadows of buildings, trees and cars, and the light of lamps and headlights."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.geometry import rectangle
from av_td3.simulator.builtin.town import Town
from av_td3.simulator.builtin.towns.ground import RESOLUTION, Ground

SHADOW_CELL = 0.25  # m, of the map of buildings' and trees' shadows
CAR_CELL, CAR_REACH = 0.1, 40.0  # m, of the map of cars' shadows, and how far it reaches from the camera
BEAM_CELL, BEAM_REACH = 0.4, 70.0  # m, of the map of headlights
LAMP_CELL, LAMP_REACH = 0.5, 16.0  # m, of the map of lamps, and how far their light reaches
MIN_ALTITUDE = math.radians(4.0)  # below which shadows grow no longer
SUBPIXEL_BITS = 4


def static_shadows(town: Town, sun: tuple[float, float, float]) -> NDArray[np.float32]:
    """Shadow of buildings and trees on the ground, 0 to 1, in squares of ``SHADOW_CELL`` from the ground's corner."""
    ground = town.ground
    rows, columns = (math.ceil(n * RESOLUTION / SHADOW_CELL) for n in ground.labels.shape)
    out = np.zeros((rows, columns), np.uint8)
    away = _away(sun)
    if away is None:
        return out.astype(np.float32)
    for b in town.buildings:
        foot = np.array(rectangle(b.x, b.y, b.yaw, b.half_length, b.half_width))
        _fill(out, ground, cv2.convexHull(np.concatenate([foot, foot + away * b.height]).astype(np.float32))[:, 0])
    circle = np.stack([np.cos(np.arange(16) * math.pi / 8.0), np.sin(np.arange(16) * math.pi / 8.0)], axis=1)
    for t in town.trees:
        # A sphere's shadow is an ellipse along the sun's direction.
        points = circle * t.radius * 0.93
        points = points + np.outer(points @ away, away) * (math.hypot(1.0, *away) - 1.0) / max(1e-9, float(away @ away))
        _fill(out, ground, points + [t.x, t.y] + away * (t.height - t.radius))
        trunk = np.array([[t.x, t.y]] * 2 + [np.array([t.x, t.y]) + away * (t.height - t.radius)] * 2)
        side = np.array([-away[1], away[0]]) / max(1e-9, float(np.hypot(*away))) * 0.15
        _fill(out, ground, trunk + np.array([side, -side, -side, side]))
    return np.asarray(cv2.GaussianBlur(out, (3, 3), 0.7) / 255.0, np.float32)


def _away(sun: tuple[float, float, float]) -> NDArray[np.float64] | None:
    """Where the shadow of a point 1 m above the ground lies; None when the sun is down."""
    if sun[2] <= 0.0:
        return None
    flat = math.hypot(sun[0], sun[1])
    long = flat / max(sun[2], math.sin(MIN_ALTITUDE)) / max(flat, 1e-9)
    return np.array([-sun[0] * long, -sun[1] * long])


def _fill(out: NDArray[np.uint8], ground: Ground, points: NDArray[Any]) -> None:
    cells = (points - np.array([ground.x0, ground.y0])) / SHADOW_CELL - 0.5
    cv2.fillConvexPoly(out, np.round(cells * (1 << SUBPIXEL_BITS)).astype(np.int32), (255,), shift=SUBPIXEL_BITS)


def lamp_light_map(ground: Ground, lamps: NDArray[np.float64]) -> NDArray[np.float32]:
    """Light of lamps (n, 3) on the ground, 1 below one, in squares of ``LAMP_CELL``: falls with distance and obliqueness."""
    rows, columns = (math.ceil(n * RESOLUTION / LAMP_CELL) for n in ground.labels.shape)
    out = np.zeros((rows, columns), np.float32)
    reach = int(LAMP_REACH / LAMP_CELL)
    for x, y, high in lamps - [ground.x0, ground.y0, 0.0]:
        i, j = int(x / LAMP_CELL), int(y / LAMP_CELL)
        left, right, top, bottom = max(0, i - reach), min(columns, i + reach), max(0, j - reach), min(rows, j + reach)
        v, u = np.mgrid[top:bottom, left:right]
        flat = ((u + 0.5) * LAMP_CELL - x) ** 2 + ((v + 0.5) * LAMP_CELL - y) ** 2
        fade = np.clip(1.0 - flat / LAMP_REACH**2, 0.0, 1.0)
        h = min(7.0, max(4.0, high))
        out[top:bottom, left:right] += (fade * (h * h / (flat + h * h)) ** 1.5).astype(np.float32)
    return out


@compiled
def splat_cars(
    poses: NDArray[np.float64],
    half_sizes: NDArray[np.float64],
    sun: NDArray[np.float64],
    x0: float,
    y0: float,
    shade: NDArray[np.float32],
    contact: NDArray[np.float32],
) -> None:
    """Draw the shadows of cars, and the darkness below them, into maps of ``CAR_CELL`` whose corner is at x0, y0."""
    rows, columns = shade.shape
    for n in range(len(poses)):
        length, width, height = half_sizes[n, 0], half_sizes[n, 1], 2.0 * half_sizes[n, 2]
        yaw = math.radians(poses[n, 4])
        c, s = math.cos(yaw), math.sin(yaw)
        lit = sun[2] > 0.0
        flat = math.sqrt(sun[0] * sun[0] + sun[1] * sun[1])
        slope = max(sun[2], math.sin(MIN_ALTITUDE)) / max(flat, 1e-9)  # rise of the ray to the sun along the ground
        ux, uy = sun[0] / max(flat, 1e-9), sun[1] / max(flat, 1e-9)
        p, q = c * ux + s * uy, -s * ux + c * uy  # the same in the car's frame
        long = height / slope if lit else 0.0
        reach = math.sqrt(length * length + width * width) + 0.8
        x, y = poses[n, 0] - x0, poses[n, 1] - y0
        left = int(max(0.0, (min(x, x - ux * long) - reach) / CAR_CELL))
        right = int(min(columns - 1.0, (max(x, x - ux * long) + reach) / CAR_CELL))
        top = int(max(0.0, (min(y, y - uy * long) - reach) / CAR_CELL))
        bottom = int(min(rows - 1.0, (max(y, y - uy * long) + reach) / CAR_CELL))
        for j in range(top, bottom + 1):
            for i in range(left, right + 1):
                dx, dy = (i + 0.5) * CAR_CELL - x, (j + 0.5) * CAR_CELL - y
                a, b = c * dx + s * dy, -s * dx + c * dy
                out_a, out_b = max(0.0, abs(a) - 0.9 * length), max(0.0, abs(b) - 0.8 * width)
                near = max(0.0, 1.0 - math.sqrt(out_a * out_a + out_b * out_b) / 0.8)
                contact[j, i] = max(contact[j, i], 0.85 * near * near)
                if not lit:
                    continue
                for part in range(2):
                    low, high, half_a, half_b, shift = 0.15 * height, 0.58 * height, 0.98 * length, 0.95 * width, 0.0
                    if part == 1:
                        low, high, half_a, half_b, shift = (
                            0.58 * height,
                            0.98 * height,
                            0.42 * length,
                            0.75 * width,
                            -0.2 * length,
                        )
                    start, end = low / slope, high / slope  # where the ray is as high as this part
                    for axis in range(2):
                        at, along, half = (a - shift, p, half_a) if axis == 0 else (b, q, half_b)
                        if abs(along) < 1e-9:
                            if abs(at) > half:
                                end = -1.0
                        else:
                            e0, e1 = (-half - at) / along, (half - at) / along
                            start, end = max(start, min(e0, e1)), min(end, max(e0, e1))
                    if start < end:
                        shade[j, i] = max(shade[j, i], min(1.0, (end - start) / 0.15))


@compiled
def splat_beams(
    poses: NDArray[np.float64],
    half_sizes: NDArray[np.float64],
    lights: NDArray[np.uint32],
    x0: float,
    y0: float,
    beams: NDArray[np.float32],
) -> None:
    """Add the headlights of cars to a map of ``BEAM_CELL`` whose corner is at x0, y0."""
    rows, columns = beams.shape
    for n in range(len(poses)):
        if not lights[n] & 6:  # LowBeam, HighBeam
            continue
        reach, strength = (60.0, 1.5) if lights[n] & 4 else (34.0, 1.0)
        yaw = math.radians(poses[n, 4])
        c, s = math.cos(yaw), math.sin(yaw)
        x, y = poses[n, 0] + c * half_sizes[n, 0] - x0, poses[n, 1] + s * half_sizes[n, 0] - y0
        left, right = int(max(0.0, (x - reach) / BEAM_CELL)), int(min(columns - 1.0, (x + reach) / BEAM_CELL))
        top, bottom = int(max(0.0, (y - reach) / BEAM_CELL)), int(min(rows - 1.0, (y + reach) / BEAM_CELL))
        for j in range(top, bottom + 1):
            for i in range(left, right + 1):
                dx, dy = (i + 0.5) * BEAM_CELL - x, (j + 0.5) * BEAM_CELL - y
                a, b = c * dx + s * dy, -s * dx + c * dy
                if a <= 0.2 or a > reach:
                    continue
                off = abs(b) / (0.9 + 0.33 * a)  # more light to the side of the pavement
                edge = (1.0 - a / reach) ** 1.2
                beams[j, i] += strength * edge * math.exp(-off * off) * min(1.0, (a - 0.2) / 3.0) * (9.0 / (7.0 + 0.35 * a))
