"""The observation of the Gymnasium environment: its space, and the stack of camera frames."""

from collections import deque
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from av_td3.config.observation import Observation

Arrays = dict[str, NDArray[Any]]  # an observation: "image" and "vector"


def observation_space(observation: Observation) -> gymnasium.spaces.Dict:
    """``image`` uint8 (stack * channels, size, size), ``vector`` float32 (vector_size,) within +-bound."""
    bound = observation.bound
    return gymnasium.spaces.Dict(
        {
            "image": gymnasium.spaces.Box(0, 255, observation.image_shape, np.uint8),
            "vector": gymnasium.spaces.Box(-bound, bound, (observation.vector_size,), np.float32),
        }
    )


class FrameStack:
    """The newest frames, oldest first; an episode starts with its first frame repeated."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._frames: deque[NDArray[np.uint8]] = deque(maxlen=size)

    def restart(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Begin an episode with a frame (channels, height, width); returns (size * channels, height, width)."""
        self._frames.extend([frame] * self._size)
        return np.concatenate(self._frames)

    def push(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Add a frame; returns (size * channels, height, width)."""
        self._frames.append(frame)
        return np.concatenate(self._frames)
