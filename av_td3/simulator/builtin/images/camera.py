"""The RGB camera: a perspective image of ground, sky, buildings, trees, lamps and cars, in one of two qualities."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.geometry import Pose
from av_td3.simulator.builtin.images.lens import Lens, LensEffect
from av_td3.simulator.builtin.images.low_quality import LowQuality
from av_td3.simulator.builtin.town import Town

QUALITIES = ("low", "high")


class Renderer(Protocol):
    """What draws the images of a quality."""

    def render(
        self, pose: Pose, town: Town, cars: NDArray[np.void], weather: list[float], frame: int, without: int
    ) -> NDArray[np.uint8]: ...


def _renderer(quality: str, width: int, height: int, fov: float) -> Renderer:
    if quality == "low":
        return LowQuality(width, height, fov)
    if quality == "high":
        # Imported where it is wanted: a learner's server starts without it.
        from av_td3.simulator.builtin.images.high_quality import HighQuality

        return HighQuality(width, height, fov)
    raise ValueError(f"quality must be {' or '.join(QUALITIES)}, not {quality!r}")


class Camera:
    """A camera.

    Args:
        width: pixels.
        height: pixels.
        fov: horizontal field of view, degrees.
        quality: ``low``, plain colours for a learner, or ``high``, to look at.
        lens: its lens.

    Raises:
        ValueError: there is no such quality.

    """

    def __init__(self, width: int, height: int, fov: float, quality: str = "low", lens: Lens = Lens()):  # noqa: B008
        self.width, self.height, self.fov = width, height, fov
        self._renderer = _renderer(quality, width, height, fov)
        self._lens = LensEffect(lens, width, height) if lens != Lens() else None

    def render(
        self, pose: Pose, town: Town, cars: NDArray[np.void], weather: list[float], frame: int, without: int
    ) -> NDArray[np.uint8]:
        """Render one image.

        Args:
            pose: of the camera in the world; it looks along its x axis.
            town: what stands still. It is prepared when it is first seen, which takes part of a second in high quality.
            cars: array ``(n,)`` of dtype ``appearance.CAR``.
            weather: CARLA's 14 numbers, in the order of ``rpc_handlers.WEATHER``.
            frame: number of the tick, with which rain moves.
            without: index of the car on which the camera is mounted, which is not drawn; -1 for none.

        Returns:
            ``uint8 (height, width, 4)``, blue, green, red, alpha.

        """
        image = self._renderer.render(pose, town, cars, weather, frame, without)
        return image if self._lens is None else self._lens.apply(image)
