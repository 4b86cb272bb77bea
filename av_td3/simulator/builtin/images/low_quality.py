"""The camera's low quality: plain colours, fast enough for every frame of a learner."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.geometry import Pose
from av_td3.simulator.builtin.images.light import Light
from av_td3.simulator.builtin.images.low_image import draw_image
from av_td3.simulator.builtin.images.low_scenery import GLASS, LowScenery, palette_of, sky_of
from av_td3.simulator.builtin.images.raster import new_scratch
from av_td3.simulator.builtin.images.terrain import new_traced
from av_td3.simulator.builtin.town import Town

SMALL_IMAGE = 256 * 256  # pixels up to which images are rendered at twice their size and averaged, against flicker


class LowQuality:
    """Renders images in plain colours.

    Args:
        width: pixels.
        height: pixels.
        fov: horizontal field of view, degrees.

    """

    def __init__(self, width: int, height: int, fov: float):
        self._size = (height, width)
        self._scale = 2 if width * height <= SMALL_IMAGE else 1
        rows, columns = height * self._scale, width * self._scale
        self._samples = np.empty((rows, columns), np.uint32)
        self._depth = np.empty((rows, columns), np.float32)
        self._traced = new_traced(rows, columns)
        reach = math.tan(math.radians(fov) / 2.0)
        self._lens = np.array([columns / (2.0 * reach), columns / 2.0 - 0.5, rows / 2.0 - 0.5, reach])
        self._scratch = new_scratch()
        self._prepared: tuple[Town, Light] | None = None

    def render(
        self, pose: Pose, town: Town, cars: NDArray[np.void], weather: list[float], frame: int, without: int
    ) -> NDArray[np.uint8]:
        """Render one image. Rain does not fall in low quality, so ``frame`` has no effect."""
        light = Light.from_weather(weather)
        if self._prepared is None or self._prepared[0] is not town or self._prepared[1] is not light:
            self._prepare(town, light)
        image = np.empty(self._size, np.uint32)
        samples = image if self._scale == 1 else self._samples
        draw_image(
            np.array(pose, np.float64),
            cars,
            without,
            self._scenery,
            self._colors,
            self._lens,
            self._depth,
            self._traced,
            samples,
            image,
            self._scratch,
        )
        return image.view(np.uint8).reshape(*self._size, 4)

    def _prepare(self, town: Town, light: Light) -> None:
        """Colours stay until town or weather change."""
        scenery = LowScenery.of(town)
        self._prepared = (town, light)
        self._scenery = scenery.arrays
        buildings, uprights = scenery.colors(light)
        haze = np.array([light.extinction, light.fog_start])
        glass = np.array(GLASS, np.float64)
        self._colors = (buildings, uprights, palette_of(light), sky_of(light), haze, glass, light.brightness)
