"""Why an episode ends."""

from typing import Annotated

from av_td3.config.limits import Interval
from av_td3.config.scenario import Ending
from av_td3.env.driving_state import DrivingState


class Stuck(Ending):
    """The car has stood still for ``patience`` seconds."""

    patience: Annotated[float, Interval(0.1, 60.0, "seconds")]
    _still: float = 0.0  # s

    def reset(self) -> None:
        self._still = 0.0

    def reached(self, state: DrivingState) -> bool:
        self._still = self._still + state.delta if abs(state.speed) < 0.05 else 0.0
        return self._still >= self.patience
