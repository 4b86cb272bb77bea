"""What drives the car in an evaluation."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Observation = Mapping[str, NDArray[Any]]
Info = Mapping[str, Any]


class Driver(ABC):
    """Drives one episode after another.

    Attributes:
        kind: its name on the command line and in the results.
        autopilot: whether the client's Traffic Manager drives instead; ``act`` has no effect then.

    """

    kind: ClassVar[str]
    autopilot: ClassVar[bool] = False

    def begin(self, info: Info, seed: int) -> None:  # noqa: B027 - many drivers remember nothing
        """Start an episode.

        Args:
            info: that ``reset`` of the environment returned, with ``others``.
            seed: of the episode.

        """

    @abstractmethod
    def act(self, observation: Observation, info: Info) -> NDArray[np.float32]:
        """Choose an action.

        Args:
            observation: of the environment.
            info: that came with it; see ``CarlaEnv.step``, with ``others``.

        Returns:
            float32 (2,), steer and pedal in [-1, 1].

        """


class Autopilot(Driver):
    """The Traffic Manager of CARLA's client, with its own settings, along the route."""

    kind = "autopilot"
    autopilot = True

    def act(self, observation: Observation, info: Info) -> NDArray[np.float32]:
        """Has no effect."""
        return np.zeros(2, np.float32)


class RandomDriver(Driver):
    """Uniformly distributed actions, a new one in each step.

    Args:
        action_size: components of an action.

    """

    kind = "random"

    def __init__(self, action_size: int = 2):
        self._size = action_size
        self._rng = np.random.default_rng(0)

    def begin(self, info: Info, seed: int) -> None:
        """Start the sequence of the episode's seed."""
        self._rng = np.random.default_rng([seed, 1])

    def act(self, observation: Observation, info: Info) -> NDArray[np.float32]:
        """The next action of the sequence."""
        return self._rng.uniform(-1.0, 1.0, self._size).astype(np.float32)
