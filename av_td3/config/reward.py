"""The base class of reward functions."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from av_td3.config.schema import Schema


class RewardBreakdown(NamedTuple):
    """The reward of one step and its terms. ``terms`` are weighted, and sum to ``value`` unless it was clipped."""

    value: float
    terms: dict[str, float]


class Reward(Schema, ABC):
    """A reward function.

    Derive from it to add a reward function. Its configuration keys are the fields of the class.
    """

    @abstractmethod
    def __call__(self, state: Any, ending: str | None) -> RewardBreakdown:
        """Compute the reward of one step.

        Args:
            state: the DrivingState after the step.
            ending: the name of the ending if the episode ends with this step, else None.

        """

    def check(self, endings: list[str]) -> None:
        """Check the reward against the scenario.

        Args:
            endings: the names of the endings of the scenario.

        Raises:
            ConfigError: the reward names another ending.

        """
