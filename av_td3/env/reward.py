"""What the agent is paid for.

A term is a function of the driving state to about [-1, 1]. To add one, write it here (or anywhere), name it under
``reward.terms`` and give it a weight under ``reward.weights``.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from av_td3.config.experiment import ConfigError, Reward
from av_td3.config.imported_class import imported
from av_td3.env.driving_state import DrivingState
from av_td3.env.termination import Ending

Term = Callable[[DrivingState], float]


def progress(state: DrivingState) -> float:
    """Way made along the route in this step, 1 at target speed."""
    return max(-1.0, min(1.0, state.progress / (state.target_speed * state.delta)))


def smoothness(state: DrivingState) -> float:
    """0 when steer and pedal stay as they were, -1 when both go from one end to the other."""
    change = sum(abs(new - old) for new, old in zip(state.action, state.previous_action, strict=True))
    return -change / 4.0


def lane_centring(state: DrivingState) -> float:
    """1 in the middle of the lane, 0 on its edge, -1 a lane width off; fades to 0 as the car stops."""
    off = abs(state.place.lateral) / (state.route.lane_width / 2.0)
    moving = min(1.0, max(0.0, state.speed / state.target_speed))
    return moving * max(-1.0, 1.0 - off)


def efficiency(state: DrivingState) -> float:
    """1 at target speed, falling in a straight line to -1 at standstill and at twice the target."""
    return max(-1.0, 1.0 - 2.0 * abs(state.speed - state.target_speed) / state.target_speed)


@dataclass(frozen=True)
class Payment:
    """The reward of one step and what it is made of; ``terms`` are weighted, and sum to ``value`` unless it was clipped."""

    value: float
    terms: dict[str, float]


class RewardFunction:
    """The weighted terms, the bonus or penalty of the episode's end, and the clip of their sum."""

    def __init__(self, config: Reward):
        self._terms = {name: _import_term(name, dotted) for name, dotted in config.terms.items()}
        self._weights = config.weights
        self._endings = {
            Ending.COLLISION: config.collision,
            Ending.OFF_ROAD: config.off_road,
            Ending.WRONG_WAY: config.wrong_way,
            Ending.GOAL: config.goal,
        }
        self._clip = config.clip

    def __call__(self, state: DrivingState, ending: Ending | None) -> Payment:
        """Reward of the step that led to ``state``. Raises ValueError for a term that is no number."""
        terms = {name: self._weights[name] * term(state) for name, term in self._terms.items()}
        terms["ending"] = self._endings.get(ending, 0.0) if ending is not None else 0.0
        for name, value in terms.items():
            if not math.isfinite(value):
                raise ValueError(f"reward term {name} is {value} at {state}")
        return Payment(max(-self._clip, min(self._clip, sum(terms.values()))), terms)


def _import_term(name: str, dotted: str) -> Term:
    term = imported(f"reward.terms.{name}", dotted)
    if not inspect.isfunction(term) or len(inspect.signature(term).parameters) != 1:
        raise ConfigError(f"reward.terms.{name}={dotted}: must be a Python function of one argument, a DrivingState")
    return cast(Term, term)
