"""A town in the form in which the camera's high quality draws it, prepared once."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.images.ground_texture import GroundTexture
from av_td3.simulator.builtin.images.high_scene import LEAVES
from av_td3.simulator.builtin.images.house_shapes import add_building, add_lamp, lamp_light
from av_td3.simulator.builtin.images.mesh import Material, Mesh
from av_td3.simulator.builtin.images.shadows import lamp_light_map, static_shadows
from av_td3.simulator.builtin.images.terrain import SINK, relief_bounds
from av_td3.simulator.builtin.town import Town, Tree
from av_td3.simulator.builtin.towns.ground import Ground
from av_td3.simulator.builtin.towns.heights import height_at

BARK = (56, 74, 92)
KINDS = 6  # of crowns


class HighScenery:
    """A town's polygons, crowns, lights and maps.

    Attributes:
        faces: buildings, trunks and lamps.
        crowns: float64 (n, 5), as ``draw_crowns`` takes them.
        masks: uint8 (kinds, LEAVES, LEAVES), likewise.
        lamps: float64 (n, 3), where the light of the street lamps comes from.
        lamp_map: their light on the ground.
        relief: heights of the ground, with no element where it is level.
        bounds: of ``relief_bounds``.

    """

    def __init__(self, town: Town):
        self.town = town
        ground = town.ground
        self.texture = GroundTexture(ground)
        self.relief = np.empty((0, 0), np.float32) if ground.relief is None else ground.relief
        self.bounds = relief_bounds(self.relief)
        mesh, sink = Mesh(), 0.0 if ground.relief is None else SINK
        for seed, building in enumerate(town.buildings):
            add_building(mesh, building, _height(ground, building.x, building.y), sink, seed)
        for tree in town.trees:
            _add_trunk(mesh, tree, _height(ground, tree.x, tree.y))
        for lamp in town.lamps:
            add_lamp(mesh, lamp, _height(ground, lamp.x, lamp.y))
        self.faces = mesh.faces
        crowns = [
            (t.x, t.y, _height(ground, t.x, t.y) + t.height - t.radius, 1.08 * t.radius, 1.12 * t.radius) for t in town.trees
        ]
        self.crowns = np.array(crowns).reshape(-1, 5)
        self.masks = crown_masks()
        self.lamps = np.array([lamp_light(lamp, _height(ground, lamp.x, lamp.y)) for lamp in town.lamps]).reshape(-1, 3)
        self.lamp_map = lamp_light_map(ground, self.lamps)
        self._shadows: tuple[tuple[float, float, float], NDArray[np.float32]] | None = None

    @staticmethod
    def of(town: Town) -> "HighScenery":
        """The scenery of a town. That of the last one is kept, for all cameras."""
        if not _last or _last[0].town is not town:
            _last[:] = [HighScenery(town)]
        return _last[0]

    def shadows(self, sun: tuple[float, float, float]) -> NDArray[np.float32]:
        """Shadows of what does not move, for a direction of the sun."""
        if self._shadows is None or self._shadows[0] != sun:
            self._shadows = (sun, static_shadows(self.town, sun))
        return self._shadows[1]


_last: list[HighScenery] = []


def _height(ground: Ground, x: float, y: float) -> float:
    return 0.0 if ground.relief is None else float(height_at(ground.relief, x - ground.x0, y - ground.y0))


def _add_trunk(mesh: Mesh, tree: Tree, base: float) -> None:
    foot, top, high = 0.035 * tree.height + 0.06, 0.02 * tree.height + 0.03, tree.height - tree.radius
    angles = np.arange(6) * math.pi / 3.0
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    inside = (tree.x, tree.y, base + high / 2.0)
    for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        corners = [
            (tree.x + r * p[0], tree.y + r * p[1], base + z)
            for p, r, z in ((a, foot, 0.0), (b, foot, 0.0), (b, top, high), (a, top, high))
        ]
        mesh.add(corners, inside, Material.MATT, BARK)


def crown_masks() -> NDArray[np.uint8]:
    """Outlines of crowns: clusters of leaves around a ball, with gaps at its rim."""
    rng = np.random.default_rng(1)
    v, u = (np.mgrid[0:LEAVES, 0:LEAVES] + 0.5) / (LEAVES / 2.0) - 1.0
    out = np.zeros((KINDS, LEAVES, LEAVES), np.uint8)
    for mask in out:
        mask[(u / 0.72) ** 2 + (v / 0.70) ** 2 < 1.0] = 1
        for angle in np.arange(26) * 2.0 * math.pi / 26.0 + rng.uniform(0.0, 0.2, 26):  # boughs
            reach, size = rng.uniform(0.58, 0.74), rng.uniform(0.13, 0.24)
            mask[(u - reach * math.cos(angle)) ** 2 + (v - reach * math.sin(angle)) ** 2 < size * size] = 1
        for _ in range(420):  # single leaves
            angle, reach, size = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(0.66, 0.97), rng.uniform(0.012, 0.035)
            mask[(u - reach * math.cos(angle)) ** 2 + (v - reach * math.sin(angle)) ** 2 < size * size] = 1
        for _ in range(26):  # gaps
            angle, reach, size = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(0.5, 0.85), rng.uniform(0.01, 0.03)
            mask[(u - reach * math.cos(angle)) ** 2 + (v - reach * math.sin(angle)) ** 2 < size * size] = 0
    return out
