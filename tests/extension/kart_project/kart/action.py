"""What the agent does."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from av_td3.config.action import Controls
from av_td3.config.limits import Interval
from av_td3.env.action import SteerPedal


class SoftPedal(SteerPedal):
    """Steer and pedal; the pedal is multiplied by ``gain``."""

    gain: Annotated[float, Interval(0.1, 1.0)]

    def controls(self, action: NDArray[np.float64], previous: Controls, delta: float) -> Controls:
        steer, pedal = super().controls(action, previous, delta)
        return Controls(steer, self.gain * pedal)
