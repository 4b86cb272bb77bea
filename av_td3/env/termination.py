"""When an episode ends, and why."""

import math
from enum import Enum

from av_td3.config.experiment import Scenario
from av_td3.env.driving_state import DrivingState

ROUNDING = 1e-6  # s, so that three steps of 0.1 s are 0.3 s
WRONG_WAY_ANGLE = math.radians(120.0)


class Ending(str, Enum):
    """Why an episode ended. All but TIME_LIMIT are terminations in the sense of the Bellman equation."""

    COLLISION = "collision"
    OFF_ROAD = "off_road"
    WRONG_WAY = "wrong_way"
    GOAL = "goal"
    TIME_LIMIT = "time_limit"


class Termination:
    """Watches one episode; holds how long the car has been off the road and out of its lane."""

    def __init__(self, scenario: Scenario):
        self._scenario = scenario
        self._off_road = 0.0  # s
        self._out_of_lane = 0.0  # s
        self._steps = 0

    def check(self, state: DrivingState) -> Ending | None:
        """Count one step; returns why the episode ends with it, or None."""
        self._steps += 1
        self._off_road = 0.0 if state.on_road else self._off_road + state.delta
        self._out_of_lane = 0.0 if state.in_lane else self._out_of_lane + state.delta
        if state.collided:
            return Ending.COLLISION
        if state.place.travelled >= state.route.length - self._scenario.goal_radius and state.in_lane:
            return Ending.GOAL
        if abs(state.place.heading_error) > WRONG_WAY_ANGLE:
            return Ending.WRONG_WAY
        too_long = self._off_road > self._scenario.off_road_patience + ROUNDING
        if too_long or self._out_of_lane > self._scenario.out_of_lane_patience + ROUNDING:
            return Ending.OFF_ROAD
        if self._steps >= self._scenario.max_episode_steps:
            return Ending.TIME_LIMIT
        return None
