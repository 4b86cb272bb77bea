"""What the agent sees: a number, and a camera."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from av_td3.config.limits import Interval
from av_td3.config.observation import Color, VectorEntry
from av_td3.env.cameras import RgbCamera
from av_td3.env.driving_state import DrivingState


class RouteLeft(VectorEntry):
    """How much of the route is left; ``horizon`` m count as 1."""

    horizon: Annotated[float, Interval(1.0, 1e5, "metres")]

    def __call__(self, state: DrivingState) -> NDArray[np.float64]:
        return np.array([(state.route.length - state.place.travelled) / self.horizon])


class RoadCamera(RgbCamera):
    """Sees only the lower part of its frame, ``sky`` of it cut away, as one channel."""

    sky: Annotated[float, Interval(0.0, 0.9)]

    def channels(self, color: Color) -> int:
        return 1

    def frame(self, image: NDArray[np.uint8], size: int, color: Color) -> NDArray[np.uint8]:
        return super().frame(image[int(self.sky * len(image)) :], size, "gray")
