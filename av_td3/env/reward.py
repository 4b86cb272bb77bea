"""The reward function for driving a route: a weighted sum of terms, and a bonus or penalty for the ending.

To add a term, derive from Term, here or in a module of your own, and name the class under ``reward.terms``.
"""

import math
from abc import ABC, abstractmethod
from typing import Annotated

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Interval
from av_td3.config.reward import Reward, RewardBreakdown
from av_td3.config.schema import ByTarget, Schema
from av_td3.env.driving_state import DrivingState

ENDING, SHARE = "ending", "share_"  # tags in the logs: outcome of the ending, and shares of the terms
KMH = 3.6  # km/h in one m/s
Weight = Annotated[float, Interval(-1000.0, 1000.0)]
Outcome = Annotated[float, Interval(-1e4, 1e4)]
Speed = Annotated[float, Interval(1.0, 300.0, "km/h")]


class Term(Schema, ABC):
    """Base class of reward terms. A term's own parameters are further fields.

    Args:
        weight: of the term in the sum.

    """

    weight: Weight

    @abstractmethod
    def __call__(self, state: DrivingState) -> float:
        """Compute the term.

        Args:
            state: the car and its route after the step.

        Returns:
            The unweighted value, typically in [-1, 1].

        """


class Progress(Term):
    """Progress along the route in this step, 1 at target speed, clipped to [-1, 1].

    Args:
        target_speed: km/h.

    """

    target_speed: Speed

    def __call__(self, state: DrivingState) -> float:
        return max(-1.0, min(1.0, state.progress / (self.target_speed / KMH * state.delta)))


class Smoothness(Term):
    """Penalty for changes of steer and pedal: 0 without a change, -1 when both change by their whole range."""

    def __call__(self, state: DrivingState) -> float:
        change = sum(abs(new - old) for new, old in zip(state.controls, state.previous_controls, strict=True))
        return -change / 4.0


class LaneCentring(Term):
    """1 in the middle of the lane, 0 on its edge, -1 a lane width off; scaled by speed / target speed, at most 1.

    Args:
        target_speed: km/h.

    """

    target_speed: Speed

    def __call__(self, state: DrivingState) -> float:
        offset = abs(state.place.lateral) / (state.route.lane_width / 2.0)
        moving = min(1.0, max(0.0, state.speed / (self.target_speed / KMH)))
        return moving * max(-1.0, 1.0 - offset)


class Efficiency(Term):
    """1 at target speed, decreasing linearly to -1 at standstill and at twice the target.

    Args:
        target_speed: km/h.

    """

    target_speed: Speed

    def __call__(self, state: DrivingState) -> float:
        target = self.target_speed / KMH
        return max(-1.0, 1.0 - 2.0 * abs(state.speed - target) / target)


class DrivingReward(Reward):
    """Weighted sum of terms plus the outcome of the ending, clipped.

    ``weights``, ``target_speed`` and the four outcomes are short names for overrides; ``terms`` and ``endings`` refer to them.

    Args:
        weights: of the terms, by name.
        target_speed: km/h.
        collision: outcome of a collision.
        off_road: outcome of leaving the road or the lane for too long.
        wrong_way: outcome of facing against the route.
        goal: outcome of reaching the goal.
        terms: the terms, by name.
        endings: outcome by name of the ending; others count 0.
        clip: bound of the reward's absolute value.

    """

    weights: dict[str, Weight]
    target_speed: Speed
    collision: Outcome
    off_road: Outcome
    wrong_way: Outcome
    goal: Outcome
    terms: dict[str, Annotated[Term, ByTarget()]]  # after the short names: errors in those are reported under the short name
    endings: dict[str, Outcome]
    clip: Annotated[float, Interval(0.0, 1e4, open_low=True)]

    def check(self, endings: list[str]) -> None:
        """Raise ConfigError for reserved names, weights without a term, and outcomes without an ending."""
        for name in self.terms:
            if name == ENDING or name.startswith(SHARE):
                raise ConfigError(f"reward.terms.{name}: is a reserved name in the logs; choose another")
        for name in self.weights.keys() - self.terms.keys():
            raise ConfigError(f"reward.weights.{name}: there is no reward.terms.{name}; the terms are {', '.join(self.terms)}")
        for name in self.endings.keys() - set(endings):
            raise ConfigError(
                f"reward.endings.{name}: there is no scenario.endings.{name}; the endings are {', '.join(endings)}"
            )

    def __call__(self, state: DrivingState, ending: str | None) -> RewardBreakdown:
        """Compute the reward of a step.

        Args:
            state: the car and its route after the step.
            ending: name of the ending, or None where the episode continues.

        Returns:
            The clipped reward, and the weighted terms with the outcome as ``ending``.

        Raises:
            ValueError: a term is not finite.

        """
        terms = {name: term.weight * term(state) for name, term in self.terms.items()}
        terms[ENDING] = self.endings.get(ending, 0.0) if ending is not None else 0.0
        for name, value in terms.items():
            if not math.isfinite(value):
                raise ValueError(f"reward term {name} is {value} at {state}")
        return RewardBreakdown(max(-self.clip, min(self.clip, sum(terms.values()))), terms)
