"""The camera's high quality: textures, shadows, lights and weather, to look at.

What each sample of the image shows is found first, by drawing polygons with a depth buffer; then each pixel is shaded once
(deferred shading: Saito and Takahashi, "Comprehensible Rendering of 3-D Shapes", SIGGRAPH 1990).
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.geometry import Pose, rotation_matrix
from av_td3.simulator.builtin.images.car_shape import BRAKE, HIGH_BEAM, LOW_BEAM, car_faces
from av_td3.simulator.builtin.images.effects import add_glow, add_rain, mirror_road
from av_td3.simulator.builtin.images.high_image import expose, shade_image
from av_td3.simulator.builtin.images.high_scene import draw_crowns, draw_faces
from av_td3.simulator.builtin.images.high_scenery import HighScenery
from av_td3.simulator.builtin.images.light import Light
from av_td3.simulator.builtin.images.mesh import COLOR, MATERIAL, Faces, Material, placed
from av_td3.simulator.builtin.images.noise import noise_table
from av_td3.simulator.builtin.images.raster import new_scratch
from av_td3.simulator.builtin.images.shadows import BEAM_CELL, BEAM_REACH, CAR_CELL, CAR_REACH, splat_beams, splat_cars
from av_td3.simulator.builtin.images.sky import LAMPS_BELOW, air_of
from av_td3.simulator.builtin.images.terrain import new_traced, trace
from av_td3.simulator.builtin.town import Town

CAR_FAR = 200.0  # m, cars further away are not drawn
TILE_FAR = 60.0  # m, sharp tiles of the ground are not loaded further away
TAPS = 5.0


class HighQuality:
    """Renders images with textures, shadows, lights and weather.

    Args:
        width: pixels.
        height: pixels.
        fov: horizontal field of view, degrees.

    """

    def __init__(self, width: int, height: int, fov: float):
        self._depth, self._ids = np.empty((2 * height, 2 * width), np.float32), np.empty((2 * height, 2 * width), np.uint32)
        self._linear, self._mirrors = np.empty((height, width, 3), np.float32), np.empty((height, width), np.float32)
        self._reach = math.tan(math.radians(fov) / 2.0)
        self._lens = (width / self._reach, width - 0.5, height - 0.5, self._reach)  # of samples, two to a pixel
        focal, cu, cv = self._lens[:3]
        self._rays = np.array([[0.0, 0.0, 1.0], [1.0 / focal, 0.0, -cu / focal], [0.0, -1.0 / focal, cv / focal]])
        self._traced = new_traced(2 * height, 2 * width)
        cells, beams = int(2 * CAR_REACH / CAR_CELL), int(2 * BEAM_REACH / BEAM_CELL)
        self._car_shade, self._contact = np.empty((cells, cells), np.float32), np.empty((cells, cells), np.float32)
        self._beams = np.empty((beams, beams), np.float32)
        self._scratch = new_scratch()

    def render(
        self, pose: Pose, town: Town, cars: NDArray[np.void], weather: list[float], frame: int, without: int
    ) -> NDArray[np.uint8]:
        """Render one image; ``frame`` says where the rain falls."""
        light, scenery = Light.from_weather(weather), HighScenery.of(town)
        air, rotation = air_of(light), np.array(rotation_matrix(*pose[3:]))
        view = np.array([*pose[:3], *rotation.ravel(), *self._lens])
        looks = self._draw(scenery, view, cars, without)
        self._load_tiles(scenery, view)
        corner = np.array([town.ground.x0, town.ground.y0, 0.0])
        places = self._draw_maps(cars, light, view, corner)
        if scenery.relief.size:
            trace(scenery.relief, scenery.bounds, view[:3] - corner, rotation @ self._rays, self._traced)
        texture = scenery.texture
        shade_image(
            view,
            air,
            self._depth,
            self._ids,
            looks,
            scenery.crowns,
            texture.tiles,
            texture.slots,
            texture.far,
            texture.far_sizes,
            scenery.shadows(light.sun),
            self._car_shade,
            self._contact,
            scenery.lamp_map,
            self._beams,
            scenery.relief,
            places,
            corner,
            self._traced,
            noise_table(),
            np.empty((2, 3)),
            self._linear,
            self._mirrors,
        )
        if light.wetness > 0.0:
            mirror_road(self._linear, self._mirrors, noise_table())
        lights = _lights(cars, without, scenery.lamps if light.day < LAMPS_BELOW else scenery.lamps[:0])
        add_glow(lights, view, self._depth, 1.0 - 0.88 * light.day, self._linear)
        if light.rain > 0.0:
            add_rain(self._linear, light.rain, np.array(light.sky_light) * 1.4 + 0.01, frame)
        out = np.empty(self._linear.shape, np.uint8)
        expose(self._linear.reshape(-1), out.reshape(-1))
        return np.asarray(cv2.cvtColor(out, cv2.COLOR_BGR2BGRA), np.uint8)

    def _draw(
        self, scenery: HighScenery, view: NDArray[np.float64], cars: NDArray[np.void], without: int
    ) -> NDArray[np.float64]:
        """Draw all polygons; returns the looks of all, in the order of their numbers."""
        self._depth.fill(0.0)
        self._ids.fill(0)
        looks: list[NDArray[np.float64]] = []
        count = 1
        for corners, counts, part in (scenery.faces, *_car_faces(cars, without, view)):
            draw_faces(corners, counts, part, count, view, self._depth, self._ids, self._scratch)
            looks.append(part)
            count += len(part)
        draw_crowns(scenery.crowns, scenery.masks, view, self._depth, self._ids)
        return np.concatenate(looks)

    def _load_tiles(self, scenery: HighScenery, view: NDArray[np.float64]) -> None:
        """Load the tiles that pixels are small enough for."""
        focal, height = 0.5 * view[12], max(0.3, abs(view[2]))
        sharp = 0.22  # m, footprint of a pixel above which the far textures serve as well
        flat = min(sharp * focal, math.sqrt(sharp * TAPS * focal * height))
        reach = math.sqrt(max(0.0, flat * flat - height * height))
        forward, up = (view[3], view[6]), (view[5], view[8])
        look = forward if math.hypot(*forward) > 0.5 else up
        # A camera that looks down sees what is behind it too.
        sees_behind = view[9] < -math.cos(math.atan(self._reach) + 0.1) if view[9] < 0.0 else False
        scenery.texture.load(view[0], view[1], min(TILE_FAR, reach), (0.0, 0.0) if sees_behind else look)

    def _draw_maps(
        self, cars: NDArray[np.void], light: Light, view: NDArray[np.float64], corner: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Draw the maps around the camera; returns the places of their corners."""
        self._car_shade.fill(0.0)
        self._contact.fill(0.0)
        self._beams.fill(0.0)
        # The middle lies ahead, on whole cells, so that a shadow does not shimmer as the camera moves.
        middle = view[:2] + np.array([view[3], view[6]]) * 0.6 * CAR_REACH
        car_corner = np.floor((middle - CAR_REACH) / CAR_CELL) * CAR_CELL
        beam_corner = (
            np.floor((view[:2] + np.array([view[3], view[6]]) * 0.6 * BEAM_REACH - BEAM_REACH) / BEAM_CELL) * BEAM_CELL
        )
        if len(cars):
            poses, sizes = cars["pose"], cars["half_size"]
            splat_cars(poses, sizes, np.array(light.sun), car_corner[0], car_corner[1], self._car_shade, self._contact)
            if light.day < 0.95:
                splat_beams(poses, sizes, cars["lights"], beam_corner[0], beam_corner[1], self._beams)
                self._beams *= np.float32(1.0 - light.day)
        return np.concatenate([car_corner - corner[:2], beam_corner - corner[:2]])


def _car_faces(cars: NDArray[np.void], without: int, view: NDArray[np.float64]) -> list[Faces]:
    out = []
    for n, car in enumerate(cars):
        pose = car["pose"]
        if n == without or math.hypot(pose[0] - view[0], pose[1] - view[1]) > CAR_FAR:
            continue
        rotation = np.array(rotation_matrix(*pose[3:].tolist()))
        size = tuple(car["half_size"].tolist())
        for part in car_faces(size, float(car["wheelbase"]), float(car["steer"]), int(car["lights"])):
            faces = placed(part, rotation, pose[:3])
            painted = faces.looks[:, MATERIAL] == Material.PAINT
            faces.looks[painted, COLOR : COLOR + 3] = 0.004 + 0.9 * (car["paint"] / 255.0) ** 2
            out.append(faces)
    return out


def _lights(cars: NDArray[np.void], without: int, lamps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lights that glow: street lamps, headlights and brake lights, as ``add_glow`` takes them."""
    out = [[*lamp, 0.0, 0.0, 0.0, 0.28, 0.5, 0.75] for lamp in lamps.tolist()]
    for n, car in enumerate(cars):
        lights = int(car["lights"])
        if n == without or not lights:
            continue
        x, y, z, *angles = car["pose"].tolist()
        forward, right, up = np.array(rotation_matrix(*angles)).T
        length, width, height = car["half_size"]
        for side in (-1.0, 1.0):
            if lights & (LOW_BEAM | HIGH_BEAM):
                at = np.array([x, y, z]) + forward * (length + 0.05) + right * side * 0.6 * width + up * 0.69 * height
                strength = 1.6 if lights & HIGH_BEAM else 1.0
                out.append([*at, *forward, 0.95 * strength, 0.95 * strength, 0.9 * strength])
            if lights & (LOW_BEAM | HIGH_BEAM | BRAKE):
                at = np.array([x, y, z]) - forward * (length + 0.05) + right * side * 0.63 * width + up * 0.9 * height
                strength = 0.8 if lights & BRAKE else 0.25
                out.append([*at, *-forward, 0.03 * strength, 0.02 * strength, strength])
    return np.array(out).reshape(-1, 9)
