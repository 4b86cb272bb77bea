"""What the agent sees: four stacked grayscale frames, and a vector of driving quantities."""

from collections import deque
from typing import Any

import cv2
import gymnasium
import numpy as np
from numpy.typing import NDArray

from av_td3.env.driving_state import DrivingState

IMAGE_SIZE = 84  # pixels, each side
STACK = 4  # frames
WAYPOINT_DISTANCES = np.arange(5.0, 51.0, 5.0)  # m ahead
VECTOR_NAMES = ("speed", "lateral", "heading_error", *(f"{axis}_{d:.0f}" for d in WAYPOINT_DISTANCES for axis in "xy"))
VECTOR_SIZE = len(VECTOR_NAMES)
# What counts as 1 in the vector, so that each number spreads by about 1 while driving (bench/observation.py measures it):
# smaller numbers would be lost beside the image's features. m/s, m (half a lane), rad (15 degrees), and a quarter of each
# waypoint's distance, in m.
VECTOR_SCALES = np.array([4.0, 1.75, np.pi / 12.0, *np.repeat(WAYPOINT_DISTANCES / 4.0, 2)])
VECTOR_BOUND = 10.0  # of the scaled numbers

Observation = dict[str, NDArray[Any]]

OBSERVATION_SPACE = gymnasium.spaces.Dict(
    {
        "image": gymnasium.spaces.Box(0, 255, (STACK, IMAGE_SIZE, IMAGE_SIZE), np.uint8),
        "vector": gymnasium.spaces.Box(-VECTOR_BOUND, VECTOR_BOUND, (VECTOR_SIZE,), np.float32),
    }
)


def grayscale(raw: bytes, height: int, width: int) -> NDArray[np.uint8]:
    """A camera's BGRA bytes as one gray frame ``uint8 (84, 84)``."""
    picture = np.frombuffer(raw, np.uint8).reshape(height, width, 4)
    gray = cv2.cvtColor(picture, cv2.COLOR_BGRA2GRAY)
    if gray.shape != (IMAGE_SIZE, IMAGE_SIZE):
        gray = cv2.resize(gray, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(gray, np.uint8)


def vector(state: DrivingState) -> NDArray[np.float32]:
    """``float32 (23,)``: speed, lateral deviation, heading error, then x, y of ten points ahead in the car's frame."""
    points = state.route.ahead(state.place.travelled, WAYPOINT_DISTANCES) - (state.x, state.y)
    c, s = np.cos(state.yaw), np.sin(state.yaw)
    in_car = np.stack([c * points[:, 0] + s * points[:, 1], -s * points[:, 0] + c * points[:, 1]], axis=1)
    numbers = np.array([state.speed, state.place.lateral, state.place.heading_error, *in_car.ravel()])
    return np.asarray(np.clip(numbers / VECTOR_SCALES, -VECTOR_BOUND, VECTOR_BOUND), np.float32)


class FrameStack:
    """The newest four frames, oldest first; an episode starts with its first frame four times."""

    def __init__(self) -> None:
        self._frames: deque[NDArray[np.uint8]] = deque(maxlen=STACK)

    def restart(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Begin an episode; returns ``uint8 (4, 84, 84)``."""
        self._frames.extend([frame] * STACK)
        return np.stack(self._frames)

    def push(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Add a frame; returns ``uint8 (4, 84, 84)``."""
        self._frames.append(frame)
        return np.stack(self._frames)
