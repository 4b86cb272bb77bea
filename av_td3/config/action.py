"""The base class of actions."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.config.schema import Schema

STEER_PEDAL = ("steering", "pedal")  # names of the components of most actions


class Controls(NamedTuple):
    """Steer and pedal of the car in one step."""

    steer: float  # -1 (left) to 1 (right)
    pedal: float  # -1 (brake) to 1 (throttle)


class Action(Schema, ABC):
    """Maps the agent's action to the controls of the car.

    Derive from it to add an action. Its configuration keys are the fields of the class.
    """

    names: ClassVar[tuple[str, ...]]  # of the components, each in [-1, 1]

    @property
    def size(self) -> int:
        """Number of components of an action."""
        return len(self.names)

    @abstractmethod
    def controls(self, action: NDArray[np.float64], previous: Controls, delta: float) -> Controls:
        """Compute the controls of one environment step.

        Args:
            action: float64 (size,), each component in [-1, 1].
            previous: the controls of the previous step.
            delta: seconds of simulation per step.

        Returns:
            The controls, which are held for the step.

        """
