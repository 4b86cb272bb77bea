"""The reward function for driving a route: weighted terms, and what the end of an episode brings.

A term is a class with a number for each driving state. To add one, derive from Term, here or in a module of your own, and
name it under ``reward.terms``.
"""

import math
from abc import ABC, abstractmethod
from typing import Annotated

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Interval
from av_td3.config.reward import Reward, RewardBreakdown
from av_td3.config.schema import ByTarget, Schema
from av_td3.env.driving_state import DrivingState

ENDING, SHARE = "ending", "share_"  # of what an episode's end brought, and of the shares of the terms, in the logs
KMH = 3.6  # km/h in one m/s
Weight = Annotated[float, Interval(-1000.0, 1000.0)]
Outcome = Annotated[float, Interval(-1e4, 1e4)]
Speed = Annotated[float, Interval(1.0, 300.0, "km/h")]


class Term(Schema, ABC):
    """One term of the reward. Its parameters are fields, beside ``weight``, its weight in the sum."""

    weight: Weight

    @abstractmethod
    def __call__(self, state: DrivingState) -> float:
        """The unweighted value, about -1 to 1."""


class Progress(Term):
    """Way made along the route in this step, 1 at target speed."""

    target_speed: Speed

    def __call__(self, state: DrivingState) -> float:
        return max(-1.0, min(1.0, state.progress / (self.target_speed / KMH * state.delta)))


class Smoothness(Term):
    """0 when steer and pedal stay as they were, -1 when both go from one end to the other."""

    def __call__(self, state: DrivingState) -> float:
        change = sum(abs(new - old) for new, old in zip(state.controls, state.previous_controls, strict=True))
        return -change / 4.0


class LaneCentring(Term):
    """1 in the middle of the lane, 0 on its edge, -1 a lane width off; fades to 0 as the car stops."""

    target_speed: Speed

    def __call__(self, state: DrivingState) -> float:
        off = abs(state.place.lateral) / (state.route.lane_width / 2.0)
        moving = min(1.0, max(0.0, state.speed / (self.target_speed / KMH)))
        return moving * max(-1.0, 1.0 - off)


class Efficiency(Term):
    """1 at target speed, falling linearly to -1 at standstill and at twice the target."""

    target_speed: Speed

    def __call__(self, state: DrivingState) -> float:
        target = self.target_speed / KMH
        return max(-1.0, 1.0 - 2.0 * abs(state.speed - target) / target)


class DrivingReward(Reward):
    """The weighted terms, the bonus or penalty of the episode's end, and the clip of their sum.

    ``weights``, ``target_speed`` and the four outcomes are there to be changed by short names; the terms and ``endings`` refer
    to them.
    """

    weights: dict[str, Weight]
    target_speed: Speed
    collision: Outcome
    off_road: Outcome
    wrong_way: Outcome
    goal: Outcome
    terms: dict[str, Annotated[Term, ByTarget()]]  # behind the short names: of a wrong one, the message names that
    endings: dict[str, Outcome]
    clip: Annotated[float, Interval(0.0, 1e4, open_low=True)]

    def check(self, endings: list[str]) -> None:
        """Raise ConfigError for weights without a term, and for outcomes without an ending."""
        for name in self.terms:
            if name == ENDING or name.startswith(SHARE):
                raise ConfigError(f"reward.terms.{name}: is the name of something else in the logs; choose another")
        for name in self.weights.keys() - self.terms.keys():
            raise ConfigError(f"reward.weights.{name}: there is no reward.terms.{name}; the terms are {', '.join(self.terms)}")
        for name in self.endings.keys() - set(endings):
            raise ConfigError(
                f"reward.endings.{name}: there is no scenario.endings.{name}; the endings are {', '.join(endings)}"
            )

    def __call__(self, state: DrivingState, ending: str | None) -> RewardBreakdown:
        """Reward of the step that led to ``state``. Raises ValueError for a term that is not finite."""
        terms = {name: term.weight * term(state) for name, term in self.terms.items()}
        terms[ENDING] = self.endings.get(ending, 0.0) if ending is not None else 0.0
        for name, value in terms.items():
            if not math.isfinite(value):
                raise ValueError(f"reward term {name} is {value} at {state}")
        return RewardBreakdown(max(-self.clip, min(self.clip, sum(terms.values()))), terms)
