"""What a rendered frame shows of one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from av_td3.config.action import Controls
from av_td3.env.route import Route


class LaneMap:
    """The lanes of a town, prepared for looking up those of a part of it.

    Args:
        lanes: centre lines, each float64 (n, 2) in metres.

    """

    def __init__(self, lanes: Sequence[NDArray[np.float64]]):
        self._lanes = lanes
        corners = [np.concatenate([lane.min(axis=0), lane.max(axis=0)]) for lane in lanes]
        self._bounds = np.array(corners, np.float64).reshape(-1, 4)  # lowest x and y, highest x and y

    def near(self, x: float, y: float, radius: float) -> list[NDArray[np.float64]]:
        """The lanes that may come within ``radius`` metres of a point."""
        low = (self._bounds[:, :2] <= (x + radius, y + radius)).all(axis=1)
        high = (self._bounds[:, 2:] >= (x - radius, y - radius)).all(axis=1)
        return [self._lanes[number] for number in np.flatnonzero(low & high).tolist()]


@dataclass(frozen=True)
class Scene:
    """What a rendered frame shows of one step. Metres and radians are in CARLA's frame.

    Attributes:
        image: of the camera, uint8 (height, width, 3), red, green, blue.
        lanes: of the town.
        route: that the car follows.
        travelled: metres along it.
        trail: float64 (n, 3), positions x and y of the episode so far (m), and the reward of the step that led there.
        pose: x and y (m) and yaw (rad, clockwise seen from above) of the car.
        half_size: half of the car's length and width, metres.
        others: the other vehicles as ``other_vehicles`` returns them, float64 (n, 7).
        speed: m/s along the car's axis.
        controls: steer and pedal.
        reward: of the step; None before the first one.
        terms: the weighted reward terms by name; empty before the first step.
        step: number of steps so far.
        ending: name of the ending; None while the episode runs.
        success: whether that ending completes the route.
        truncated: whether it is a time limit.

    """

    image: NDArray[np.uint8]
    lanes: LaneMap
    route: Route
    travelled: float
    trail: NDArray[np.float64]
    pose: tuple[float, float, float]
    half_size: tuple[float, float]
    others: NDArray[np.float64]
    speed: float
    controls: Controls
    reward: float | None
    terms: Mapping[str, float]
    step: int
    ending: str | None = None
    success: bool = False
    truncated: bool = False
