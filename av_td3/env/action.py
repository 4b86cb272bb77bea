"""What the agent does: steer and pedal."""

from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from av_td3.config.action import Action, Controls
from av_td3.config.limits import Interval

Rate = Annotated[float, Interval(0.01, 1000.0, "per second; from one end to the other is 2")]
MAX_SHOWN = 60  # characters of a wrong action in a message


class SteerPedal(Action):
    """Steer and signed pedal, held for one step."""

    names: ClassVar[tuple[str, ...]] = ("steering", "pedal")

    def controls(self, action: NDArray[np.float64], previous: Controls, delta: float) -> Controls:
        """The action itself."""
        return Controls(float(action[0]), float(action[1]))


class RateLimitedSteerPedal(SteerPedal):
    """Steer and pedal move towards the action no faster than an actuator would."""

    max_steer_rate: Rate
    max_pedal_rate: Rate

    def controls(self, action: NDArray[np.float64], previous: Controls, delta: float) -> Controls:
        """The controls of the step before, moved towards the action by at most rate * delta each."""
        wanted = super().controls(action, previous, delta)
        return Controls(
            _towards(wanted.steer, previous.steer, self.max_steer_rate * delta),
            _towards(wanted.pedal, previous.pedal, self.max_pedal_rate * delta),
        )


def _towards(wanted: float, previous: float, most: float) -> float:
    return previous + max(-most, min(most, wanted - previous))


def components(action: Any, names: tuple[str, ...]) -> NDArray[np.float64]:
    """The components of an action, float64 (len(names),), each clipped to [-1, 1].

    Takes anything that NumPy reads as so many real numbers. Raises ValueError for everything else, NaN and infinity among it.
    """
    try:
        numbers = np.asarray(action)
    except ValueError:  # rows of different lengths
        numbers = np.asarray(None)
    listed = " and ".join(names)
    if numbers.shape != (len(names),) or numbers.dtype.kind not in "fiu":
        raise ValueError(f"action={_short(action)}: must be real numbers, {listed}, shape ({len(names)},)")
    if not np.isfinite(numbers).all():
        raise ValueError(f"action={_short(action)}: must be finite; {listed} each in [-1, 1]")
    return np.asarray(np.clip(numbers, -1.0, 1.0), np.float64)


def _short(action: Any) -> str:
    text = " ".join(repr(action).split())
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
