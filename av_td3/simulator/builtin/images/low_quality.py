"""The camera's low quality: plain colours, fast enough for every frame of a learner."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.geometry import Pose, rotation_matrix
from av_td3.simulator.builtin.images.light import Light
from av_td3.simulator.builtin.images.low_ground import average, fill_level, fill_relief
from av_td3.simulator.builtin.images.low_scene import draw_boxes, draw_uprights
from av_td3.simulator.builtin.images.low_scenery import FOG_ENTRY, GLASS, LowScenery, car_boxes, palette_of, sky_of
from av_td3.simulator.builtin.images.raster import new_scratch
from av_td3.simulator.builtin.images.terrain import new_traced, trace
from av_td3.simulator.builtin.town import Town

SMALL_IMAGE = 256 * 256  # pixels up to which images are rendered at twice their size and averaged, against flicker
GLASS_COLOR = np.array(GLASS, np.float64)


class LowQuality:
    """Renders images in plain colours.

    Args:
        width: pixels.
        height: pixels.
        fov: horizontal field of view, degrees.

    """

    def __init__(self, width: int, height: int, fov: float):
        self._image = np.empty((height, width), np.uint32)
        scale = 2 if width * height <= SMALL_IMAGE else 1
        rows, columns = height * scale, width * scale
        self._samples = self._image if scale == 1 else np.empty((rows, columns), np.uint32)
        self._depth = np.empty((rows, columns), np.float32)
        reach = math.tan(math.radians(fov) / 2.0)
        focal, cu, cv = columns / (2.0 * reach), columns / 2.0 - 0.5, rows / 2.0 - 0.5
        self._lens = np.array([focal, cu, cv, reach])
        # Sample to ray, the ray in (forward, right, up) of the camera.
        self._rays = np.array([[0.0, 0.0, 1.0], [1.0 / focal, 0.0, -cu / focal], [0.0, -1.0 / focal, cv / focal]])
        self._scratch = new_scratch()
        self._scenery: LowScenery | None = None
        self._light: Light | None = None

    def render(
        self, pose: Pose, town: Town, cars: NDArray[np.void], weather: list[float], frame: int, without: int
    ) -> NDArray[np.uint8]:
        """Render one image. Rain does not fall in low quality, so ``frame`` has no effect."""
        light = Light.from_weather(weather)
        self._prepare(town, light)
        scenery = self._scenery
        assert scenery is not None
        rotation, eye = np.array(rotation_matrix(*pose[3:])), np.array(pose[:3], np.float64)
        self._depth.fill(0.0)
        air = (eye, rotation, self._lens, self._haze, self._fog, self._depth, self._samples, self._scratch)
        draw_boxes(scenery.buildings, self._building_colors, *air)
        draw_uprights(scenery.uprights, self._upright_colors, *air)
        if len(cars):
            boxes, colors = np.empty((2 * len(cars), 12)), np.empty((2 * len(cars), 5), np.uint32)
            count = car_boxes(
                cars["pose"], cars["half_size"], cars["paint"], without, light.brightness, GLASS_COLOR, boxes, colors
            )
            draw_boxes(boxes[:count], colors[:count], *air)
        self._fill_rest(town, eye, rotation)
        image = self._image.copy() if self._samples is self._image else np.empty_like(self._image)
        if self._samples is not self._image:
            average(self._samples, image)
        return image.view(np.uint8).reshape(*image.shape, 4)

    def _prepare(self, town: Town, light: Light) -> None:
        """Colours stay until town or weather change."""
        if self._scenery is not None and self._scenery.town is town and self._light is light:
            return
        self._scenery, self._light = LowScenery.of(town), light
        self._building_colors, self._upright_colors = self._scenery.colors(light)
        self._palette, self._sky = palette_of(light), sky_of(light)
        self._fog = self._palette[FOG_ENTRY]
        self._haze = np.array([light.extinction, light.fog_start])

    def _fill_rest(self, town: Town, eye: NDArray[np.float64], rotation: NDArray[np.float64]) -> None:
        assert self._scenery is not None
        ground, rays = town.ground, rotation @ self._rays
        eye = eye - self._scenery.origin
        rest = (self._palette, eye, rays, self._haze, self._sky, self._depth, self._samples)
        if ground.relief is None or self._scenery.bounds is None:
            fill_level(ground.labels, *rest)
        else:
            traced = new_traced(*self._depth.shape)
            trace(ground.relief, self._scenery.bounds, eye, rays, traced)
            fill_relief(ground.labels, traced, *rest)
