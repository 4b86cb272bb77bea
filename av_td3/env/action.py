"""Actions: steer and pedal."""

from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from av_td3.config.action import STEER_PEDAL, Action, Controls
from av_td3.config.limits import Interval

Rate = Annotated[float, Interval(0.01, 1000.0, "per second; from one end to the other is 2")]
MAX_SHOWN = 60  # characters of an invalid action in a message


class SteerPedal(Action):
    """Steer and signed pedal, held for one step.

    The action has two components: ``steering`` from -1 (left) to 1 (right), and ``pedal`` from -1 (full brake) to 1 (full
    throttle).
    """

    names: ClassVar[tuple[str, ...]] = STEER_PEDAL

    def controls(self, action: NDArray[np.float64], previous: Controls, delta: float) -> Controls:
        """Return the action as controls."""
        return Controls(float(action[0]), float(action[1]))


class RateLimitedSteerPedal(SteerPedal):
    """Steer and pedal that move towards the action at a limited rate, like actuators.

    Args:
        max_steer_rate: fastest change of the steer, per second; from full left to full right is 2.
        max_pedal_rate: fastest change of the pedal, per second; from full brake to full throttle is 2.

    """

    max_steer_rate: Rate
    max_pedal_rate: Rate

    def controls(self, action: NDArray[np.float64], previous: Controls, delta: float) -> Controls:
        """Move the previous controls towards the action, each by at most its rate times ``delta`` seconds."""
        target = super().controls(action, previous, delta)
        return Controls(
            _towards(target.steer, previous.steer, self.max_steer_rate * delta),
            _towards(target.pedal, previous.pedal, self.max_pedal_rate * delta),
        )


def _towards(target: float, previous: float, max_change: float) -> float:
    return max(previous - max_change, min(previous + max_change, target))


def validate_action(action: Any, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Check an action and clip it to [-1, 1].

    Args:
        action: anything that NumPy reads as ``len(names)`` real numbers.
        names: of the components, for the error message.

    Returns:
        float64 (len(names),), each component in [-1, 1].

    Raises:
        ValueError: the action has another shape or type, or is not finite.

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
