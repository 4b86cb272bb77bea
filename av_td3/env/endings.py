"""Why an episode ends. To add a reason, derive from Ending and name the class under ``scenario.endings``."""

import math
from collections.abc import Mapping
from typing import ClassVar

from av_td3.config.limits import Count
from av_td3.config.scenario import Ending, Metres, Patience
from av_td3.env.driving_state import DrivingState

ROUNDING = 1e-6  # s, so that three steps of 0.1 s are 0.3 s
WRONG_WAY_ANGLE = math.radians(120.0)


class Collision(Ending):
    """The car has hit something."""

    def reached(self, state: DrivingState) -> bool:
        """Whether the collision sensor says so."""
        return state.collided


class Goal(Ending):
    """The car is in its lane, ``radius`` before the end of the route or behind it."""

    completes_route: ClassVar[bool] = True
    radius: Metres

    def reached(self, state: DrivingState) -> bool:
        """Whether the car has arrived."""
        return state.place.travelled >= state.route.length - self.radius and state.in_lane


class WrongWay(Ending):
    """The car faces against its route."""

    def reached(self, state: DrivingState) -> bool:
        """Whether it is turned by more than 120 degrees."""
        return abs(state.place.heading_error) > WRONG_WAY_ANGLE


class OffRoad(Ending):
    """The car was off every driving lane for ``off_road_patience`` s, or out of its own for ``out_of_lane_patience`` s."""

    off_road_patience: Patience
    out_of_lane_patience: Patience
    _off_road: float = 0.0  # s
    _out_of_lane: float = 0.0  # s

    def reset(self) -> None:
        """Both clocks start again."""
        self._off_road = self._out_of_lane = 0.0

    def reached(self, state: DrivingState) -> bool:
        """Whether one of them has run out."""
        self._off_road = 0.0 if state.on_road else self._off_road + state.delta
        self._out_of_lane = 0.0 if state.in_lane else self._out_of_lane + state.delta
        off_road = self._off_road > self.off_road_patience + ROUNDING
        return off_road or self._out_of_lane > self.out_of_lane_patience + ROUNDING


class TimeLimit(Ending):
    """The episode is cut off after ``steps`` steps: not an outcome of driving, so the last state keeps its value."""

    truncates: ClassVar[bool] = True
    steps: Count
    _steps: int = 0

    def reset(self) -> None:
        """Count from 0."""
        self._steps = 0

    def reached(self, state: DrivingState) -> bool:
        """Count one step."""
        self._steps += 1
        return self._steps >= self.steps


class Termination:
    """Asks the endings of a scenario in their order; the first that is reached counts."""

    def __init__(self, endings: Mapping[str, Ending]):
        self._endings = endings

    def reset(self) -> None:
        """A new episode begins."""
        for ending in self._endings.values():
            ending.reset()

    def check(self, state: DrivingState) -> tuple[str, Ending] | None:
        """The name of the ending with which the episode ends, and the ending; None where it does not end."""
        reached = [(name, ending) for name, ending in self._endings.items() if ending.reached(state)]  # all of them count
        return reached[0] if reached else None
