"""The observation of the Gymnasium environment: its space, and the stack of camera frames."""

from collections import deque
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from av_td3.config.observation import Observation

Arrays = dict[str, NDArray[Any]]  # an observation: "image" and "vector"


def observation_space(observation: Observation) -> gymnasium.spaces.Dict:
    """Space with ``image`` uint8 (stack * channels, size, size), where there are cameras, and ``vector`` float32 (vector_size,)
    within +-bound.
    """
    bound = observation.bound
    spaces: dict[str, gymnasium.Space[Any]] = {}
    if observation.cameras:
        spaces["image"] = gymnasium.spaces.Box(0, 255, observation.image_shape, np.uint8)
    spaces["vector"] = gymnasium.spaces.Box(-bound, bound, (observation.vector_size,), np.float32)
    return gymnasium.spaces.Dict(spaces)


class FrameStack:
    """Stacks the newest frames, oldest first (Mnih et al. 2015). An episode starts with its first frame repeated.

    Args:
        size: number of frames.

    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._frames: deque[NDArray[np.uint8]] = deque(maxlen=size)

    def restart(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Start an episode with a frame, uint8 (channels, height, width); returns uint8 (size * channels, height, width)."""
        self._frames.extend([frame] * self._size)
        return np.concatenate(self._frames)

    def push(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Add a frame, uint8 (channels, height, width); returns uint8 (size * channels, height, width)."""
        self._frames.append(frame)
        return np.concatenate(self._frames)
