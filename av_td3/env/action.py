"""What the agent does: steer and pedal."""

from typing import Any

import gymnasium
import numpy as np

ACTION_SPACE = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)


def controls(action: Any) -> tuple[float, float]:
    """Steer and pedal of an action, each clipped to [-1, 1].

    Takes anything that NumPy reads as two real numbers. Raises ValueError for everything else, NaN and infinity among it.
    """
    try:
        numbers = np.asarray(action)
    except ValueError:  # rows of different lengths
        numbers = np.asarray(None)
    if numbers.shape != (2,) or numbers.dtype.kind not in "fiu":
        raise ValueError(f"action={_short(action)}: must be two real numbers, steer and pedal, shape (2,)")
    if not np.isfinite(numbers).all():
        raise ValueError(f"action={_short(action)}: must be finite; steer and pedal each in [-1, 1]")
    steer, pedal = (float(number) for number in np.clip(numbers, -1.0, 1.0))
    return steer, pedal


def _short(action: Any) -> str:
    text = " ".join(repr(action).split())
    return text if len(text) <= 60 else f"{text[:60]}..."
