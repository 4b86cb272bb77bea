"""What a reward function is."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from av_td3.config.schema import Schema


class RewardBreakdown(NamedTuple):
    """The reward of one step and what it is made of; ``terms`` are weighted, and sum to ``value`` unless it was clipped."""

    value: float
    terms: dict[str, float]


class Reward(Schema, ABC):
    """A reward function. Derive from it to add another, with its own keys as fields."""

    @abstractmethod
    def __call__(self, state: Any, ending: str | None) -> RewardBreakdown:
        """The reward of the step that led to a DrivingState; ``ending`` names why the episode ended with it, if it did."""

    def check(self, endings: list[str]) -> None:
        """Raise ConfigError for what does not fit the endings of the scenario."""
