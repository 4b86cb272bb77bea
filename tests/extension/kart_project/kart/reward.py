"""A term of the driving reward, and a whole reward function."""

from typing import Annotated

from av_td3.config.limits import Interval
from av_td3.config.reward import Reward, RewardBreakdown
from av_td3.env.driving_state import DrivingState
from av_td3.env.reward import Term


class Haste(Term):
    """Speed over ``top_speed`` m/s, squared; 1 at most."""

    top_speed: Annotated[float, Interval(0.1, 100.0, "m/s")]

    def __call__(self, state: DrivingState) -> float:
        return min(1.0, (state.speed / self.top_speed) ** 2)


class LapReward(Reward):
    """``per_metre`` for each metre along the route, and ``crash`` for any end but the goal and the time limit."""

    per_metre: Annotated[float, Interval(0.0, 10.0)]
    crash: Annotated[float, Interval(-1000.0, 0.0)]

    def __call__(self, state: DrivingState, ending: str | None) -> RewardBreakdown:
        harmless = ending in (None, "goal", "time_limit")
        terms = {"way": self.per_metre * state.progress, "crash": 0.0 if harmless else self.crash}
        return RewardBreakdown(sum(terms.values()), terms)
