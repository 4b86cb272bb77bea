"""What the agent does."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.config.schema import Schema


class Controls(NamedTuple):
    """Steer and pedal of the car in one step."""

    steer: float  # -1 (left) to 1 (right)
    pedal: float  # -1 (brake) to 1 (throttle)


class Action(Schema, ABC):
    """How an action of the agent becomes controls. Derive from it to add another, with its own keys as fields."""

    names: ClassVar[tuple[str, ...]]  # of the components, each in [-1, 1]

    @property
    def size(self) -> int:
        """How many components an action has."""
        return len(self.names)

    @abstractmethod
    def controls(self, action: NDArray[np.float64], previous: Controls, delta: float) -> Controls:
        """Controls of an action float64 (size,), after those of the step before, ``delta`` seconds ago."""
