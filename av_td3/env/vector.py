"""Entries of the observation's vector. To add one, derive from VectorEntry and name the class under ``observation.vector``."""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from av_td3.config.limits import Interval
from av_td3.config.observation import VectorEntry
from av_td3.env.driving_state import DrivingState

Scale = Annotated[float, Interval(0.0, 1e6, open_low=True)]


class Speed(VectorEntry):
    """Speed along the car's axis.

    Args:
        scale: m/s that count as 1.

    """

    scale: Scale

    def __call__(self, state: DrivingState) -> NDArray[np.float64]:
        return np.array([state.speed / self.scale])


class Lateral(VectorEntry):
    """Distance from the middle of the route's lane, right positive.

    Args:
        scale: metres that count as 1.

    """

    scale: Scale

    def __call__(self, state: DrivingState) -> NDArray[np.float64]:
        return np.array([state.place.lateral / self.scale])


class HeadingError(VectorEntry):
    """Angle between the car and its route, clockwise positive.

    Args:
        scale: degrees that count as 1.

    """

    scale: Scale

    def __call__(self, state: DrivingState) -> NDArray[np.float64]:
        return np.array([state.place.heading_error / math.radians(self.scale)])


class Waypoints(VectorEntry):
    """Points of the route ahead in the car's frame: x forward and y right of each, float64 (2 * len(distances),).

    Args:
        distances: of the points along the route, metres.
        scale: fraction of a point's distance that counts as 1.

    """

    distances: Annotated[list[Annotated[float, Interval(0.0, 1000.0, "metres", open_low=True)]], Field(min_length=1)]
    scale: Scale

    def __call__(self, state: DrivingState) -> NDArray[np.float64]:
        distances = np.array(self.distances)
        points = state.route.ahead(state.place.travelled, distances) - (state.x, state.y)
        c, s = np.cos(state.yaw), np.sin(state.yaw)
        in_car = np.stack([c * points[:, 0] + s * points[:, 1], -s * points[:, 0] + c * points[:, 1]], axis=1)
        return np.asarray(in_car.ravel() / np.repeat(distances * self.scale, 2))

    def labels(self, name: str) -> tuple[str, ...]:
        """``x_5``, ``y_5`` and so on, by distance."""
        return tuple(f"{axis}_{distance:.0f}" for distance in self.distances for axis in "xy")


class PreviousControls(VectorEntry):
    """Steer and pedal applied in the last step, each in [-1, 1], which makes actions with rate limits Markovian."""

    def __call__(self, state: DrivingState) -> NDArray[np.float64]:
        return np.array(state.controls, np.float64)

    def labels(self, name: str) -> tuple[str, ...]:
        """Labels of steer and pedal."""
        return f"{name}_steer", f"{name}_pedal"
