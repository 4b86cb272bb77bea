"""Conditions that end an episode. To add one, derive from Ending and name the class under ``scenario.endings``."""

import math
from collections.abc import Mapping
from typing import ClassVar

from av_td3.config.limits import Count
from av_td3.config.scenario import Ending, Metres, Patience
from av_td3.env.driving_state import DrivingState

ROUNDING = 1e-6  # s, so that three steps of 0.1 s are 0.3 s
WRONG_WAY_ANGLE = math.radians(120.0)


class Collision(Ending):
    """The car has collided."""

    def reached(self, state: DrivingState) -> bool:
        """Whether the collision sensor has reported a collision."""
        return state.collided


class Goal(Ending):
    """The car has reached the end of its route, in its lane.

    Args:
        radius: distance before the end from which on it counts, metres.

    """

    completes_route: ClassVar[bool] = True
    radius: Metres

    def reached(self, state: DrivingState) -> bool:
        """Whether the car is in its lane and at most ``radius`` before the end of the route."""
        return state.place.travelled >= state.route.length - self.radius and state.in_lane


class WrongWay(Ending):
    """The car faces against the direction of its route."""

    def reached(self, state: DrivingState) -> bool:
        """Whether the heading error exceeds 120 degrees."""
        return abs(state.place.heading_error) > WRONG_WAY_ANGLE


class OffRoad(Ending):
    """The car has been off the road or out of its lane for too long.

    Args:
        off_road_patience: seconds off every driving lane.
        out_of_lane_patience: seconds out of the route's lane.

    """

    off_road_patience: Patience
    out_of_lane_patience: Patience
    _off_road: float = 0.0  # s
    _out_of_lane: float = 0.0  # s

    def reset(self) -> None:
        """Reset both timers."""
        self._off_road = self._out_of_lane = 0.0

    def reached(self, state: DrivingState) -> bool:
        """Update both timers; whether one has exceeded its limit."""
        self._off_road = 0.0 if state.on_road else self._off_road + state.delta
        self._out_of_lane = 0.0 if state.in_lane else self._out_of_lane + state.delta
        off_road = self._off_road > self.off_road_patience + ROUNDING
        return off_road or self._out_of_lane > self.out_of_lane_patience + ROUNDING


class TimeLimit(Ending):
    """The episode is truncated after a number of steps, so the last state keeps its value.

    Pardo et al. 2018, "Time Limits in Reinforcement Learning".

    Args:
        steps: length of the longest episode.

    """

    truncates: ClassVar[bool] = True
    steps: Count
    _steps: int = 0

    def reset(self) -> None:
        """Reset the count."""
        self._steps = 0

    def reached(self, state: DrivingState) -> bool:
        """Count a step; whether it was the last one."""
        self._steps += 1
        return self._steps >= self.steps


class Termination:
    """Checks the endings of a scenario.

    Args:
        endings: by name, in order of precedence.

    """

    def __init__(self, endings: Mapping[str, Ending]):
        self._endings = endings

    def reset(self) -> None:
        """Reset all endings for a new episode."""
        for ending in self._endings.values():
            ending.reset()

    def check(self, state: DrivingState) -> tuple[str, Ending] | None:
        """Name and ending with which the episode ends, the first that is reached; None where it continues."""
        # Every ending is asked in every step, because some keep time.
        reached = [(name, ending) for name, ending in self._endings.items() if ending.reached(state)]
        return reached[0] if reached else None
