"""A town and its cars in the form in which the camera's low quality draws them."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.images.light import Light
from av_td3.simulator.builtin.images.terrain import SINK, relief_bounds
from av_td3.simulator.builtin.town import Town
from av_td3.simulator.builtin.towns.ground import Ground, Surface
from av_td3.simulator.builtin.towns.heights import LEVEL, height_at

SKY_STEPS = 128
FACE_LIGHT = np.array([0.75, 0.75, 0.9, 0.9, 1.1])  # front, rear, right, left, top
GLASS = (70, 56, 50)
BARK, LEAVES, POLE = (52, 72, 92), (46, 96, 58), (96, 96, 96)
CLEARANCE, WAIST = 0.2, 0.6  # m below a car's body, and the share of its height at which the cabin begins
CABIN_LENGTH, CABIN_WIDTH, CABIN_SHIFT = 0.5, 0.85, -0.1  # half sizes and shift, of the car's half sizes

BASE_COLORS = {  # blue, green, red at noon
    Surface.GRASS: (52, 122, 74),
    Surface.GRASS_DARK: (44, 106, 62),
    Surface.ASPHALT: (98, 96, 94),
    Surface.ASPHALT_DARK: (88, 86, 84),
    Surface.SIDEWALK: (150, 156, 160),
    Surface.KERB: (186, 188, 190),
    Surface.WHITE_MARK: (240, 240, 240),
    Surface.YELLOW_MARK: (40, 190, 235),
}
FOG_ENTRY = 15


def pack(colors: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Packed colours, opaque, of ``(..., 3)`` blue, green, red, 0 to 255."""
    out = np.full((*colors.shape[:-1], 4), 255, np.uint8)
    out[..., :3] = np.clip(colors, 0, 255)
    return np.ascontiguousarray(out).view(np.uint32)[..., 0]


def palette_of(light: Light) -> NDArray[np.uint32]:
    """Packed colours of the surfaces, and of fog, ``uint32 (16,)``."""
    colors = np.zeros((FOG_ENTRY + 1, 3))
    for surface, color in BASE_COLORS.items():
        wet = 1.0 - 0.4 * light.wetness if surface in (Surface.ASPHALT, Surface.ASPHALT_DARK) else 1.0
        colors[surface] = np.array(color) * light.brightness * wet
    colors[FOG_ENTRY] = 255.0 * np.array(light.fog_color)
    return pack(colors)


def sky_of(light: Light) -> NDArray[np.uint32]:
    """Packed colours of the sky from the horizon upwards, ``uint32 (SKY_STEPS,)``."""
    clear, grey, pale = np.array([235.0, 190.0, 130.0]), np.array([190.0, 188.0, 185.0]), np.array([235.0, 232.0, 228.0])
    zenith = clear + (grey - clear) * light.cloudiness
    haze = np.exp(-6.0 * np.linspace(0.0, 1.0, SKY_STEPS))[:, None]
    color = (zenith + (pale - zenith) * haze) * light.brightness
    hidden = 1.0 - math.exp(-light.extinction * 200.0)
    return pack(color + (255.0 * np.array(light.fog_color) - color) * hidden)


class LowScenery:
    """A town's buildings, crowns, trunks and poles, prepared once."""

    def __init__(self, town: Town):
        ground, count = town.ground, len(town.buildings)
        self.town = town
        self.origin = np.array([ground.x0, ground.y0, 0.0])
        rows = np.array(
            [(b.x, b.y, math.radians(b.yaw), b.half_length, b.half_width, b.height, *b.color) for b in town.buildings]
        ).reshape(count, 9)
        x, y, yaw, length, width, height = rows[:, :6].T
        base, sink = heights(ground, x, y), 0.0 if ground.relief is None else SINK
        self.buildings = np.zeros((count, 12))
        self.buildings[:, :3] = np.stack([x, y, base + (height - sink) / 2.0], axis=1)
        self.buildings[:, 3], self.buildings[:, 4] = length * np.cos(yaw), length * np.sin(yaw)
        self.buildings[:, 6], self.buildings[:, 7] = -width * np.sin(yaw), width * np.cos(yaw)
        self.buildings[:, 11] = (height + sink) / 2.0
        self._paint = rows[:, 6:]
        trees = np.array([(t.x, t.y, t.height, t.radius) for t in town.trees]).reshape(-1, 4)
        lamps = np.array([(p.x, p.y, p.height) for p in town.lamps]).reshape(-1, 3)
        self.uprights = np.concatenate(
            [
                [(x, y, h - r, r, r, 8) for x, y, h, r in trees.tolist()] or np.empty((0, 6)),
                [(x, y, (h - r) / 2.0, 0.14, (h - r) / 2.0, 4) for x, y, h, r in trees.tolist()] or np.empty((0, 6)),
                [(x, y, h / 2.0, 0.08, h / 2.0, 4) for x, y, h in lamps.tolist()] or np.empty((0, 6)),
            ]
        )
        self.uprights[:, 2] += heights(ground, self.uprights[:, 0], self.uprights[:, 1])
        self._upright_paint = np.repeat(np.array([LEAVES, BARK, POLE], float), [len(trees), len(trees), len(lamps)], axis=0)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """What ``low_image.draw_image`` draws: buildings, uprights, labels, relief with its bounds, and the labels' origin."""
        ground = self.town.ground
        relief = LEVEL if ground.relief is None else ground.relief
        return self.buildings, self.uprights, ground.labels, relief, relief_bounds(relief), self.origin

    @staticmethod
    def of(town: Town) -> "LowScenery":
        """The scenery of a town. That of the last one is kept, for all cameras."""
        if not _last or _last[0].town is not town:
            _last[:] = [LowScenery(town)]
        return _last[0]

    def colors(self, light: Light) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Packed colours of the buildings' faces ``(n, 5)`` and of the uprights ``(m,)``."""
        return (
            pack(self._paint[:, None, :] * FACE_LIGHT[:, None] * light.brightness),
            pack(self._upright_paint * light.brightness),
        )


_last: list[LowScenery] = []


def heights(ground: Ground, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights of the ground (m)."""
    if ground.relief is None:
        return np.zeros(len(x))
    points = zip(x - ground.x0, y - ground.y0, strict=True)
    return np.array([height_at(ground.relief, float(a), float(b)) for a, b in points])


@compiled
def car_boxes(  # type: ignore[no-untyped-def]
    cars, without: int, brightness: float, glass: NDArray[np.float64], boxes: NDArray[np.float64], colors: NDArray[np.uint32]
) -> int:
    """Fill ``boxes`` and ``colors`` with a body and a cabin for each car but the one at ``without``; returns their number."""
    count = 0
    for n in range(len(cars)):
        if n == without:
            continue
        pitch, yaw, roll = math.radians(cars[n].pose[3]), math.radians(cars[n].pose[4]), math.radians(cars[n].pose[5])
        cp, sp, cy, sy, cr, sr = (
            math.cos(pitch),
            math.sin(pitch),
            math.cos(yaw),
            math.sin(yaw),
            math.cos(roll),
            math.sin(roll),
        )
        axes = (
            (cp * cy, cp * sy, sp),
            (cy * sp * sr - sy * cr, sy * sp * sr + cy * cr, -cp * sr),
            (-cy * sp * cr - sy * sr, -sy * sp * cr + cy * sr, cp * cr),
        )
        length, width, height = cars[n].half_size[0], cars[n].half_size[1], 2.0 * cars[n].half_size[2]
        waist = WAIST * height
        for part in range(2):
            if part == 0:
                bottom, top, along, across, shift = CLEARANCE, waist, length, width, 0.0
            else:
                bottom, top, along, across = waist, height, CABIN_LENGTH * length, CABIN_WIDTH * width
                shift = CABIN_SHIFT * length
            middle, half = 0.5 * (bottom + top), 0.5 * (top - bottom)
            for k in range(3):
                boxes[count, k] = cars[n].pose[k] + axes[2][k] * middle + axes[0][k] * shift
                boxes[count, 3 + k] = axes[0][k] * along
                boxes[count, 6 + k] = axes[1][k] * across
                boxes[count, 9 + k] = axes[2][k] * half
            for face in range(5):
                shade = brightness * (0.75 if face < 2 else (0.9 if face < 4 else 1.1))
                packed = 0xFF000000
                for k in range(3):
                    channel = float(cars[n].paint[k]) if part == 0 else glass[k]
                    packed |= int(min(255.0, channel * shade)) << (8 * k)
                colors[count, face] = packed
            count += 1
    return count
