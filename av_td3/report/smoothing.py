"""Smooths the numbers of episodes, unless the log has smoothed them already."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from av_td3.diagnostics.phases import Values
from av_td3.diagnostics.tag_words import WORD

WINDOW = 20  # episodes; a tenth of a short run
MIN_WINDOW = 3
AVERAGES = frozenset(
    [
        *("mean", "avg", "av", "average", "averaged", "ave", "cumulative", "running", "moving", "rolling"),
        *("smoothed", "smooth", "ema", "eprewmean", "eplenmean"),
    ]
)


def is_running_mean(tag: str) -> bool:
    """Whether the words of a tag say that its values are means over several episodes, as in ``rollout/ep_rew_mean``."""
    return not AVERAGES.isdisjoint(word.lower() for word in WORD.findall(tag))


def window_of(values: Values) -> int:
    """The number of episodes to smooth over: WINDOW, or a tenth of a short run, so that its course is not hidden."""
    return min(WINDOW, max(MIN_WINDOW, len(values) // 10))


def moving_median(values: Values, window: int) -> Values:
    """The median of each value and the ``window - 1`` values before it."""
    return _moving(values, window, np.median)


def moving_mean(values: Values, window: int) -> Values:
    """The mean of each value and the ``window - 1`` values before it, such as the share of successes."""
    return _moving(values, window, np.mean)


def _moving(values: Values, window: int, statistic: Callable[..., Any]) -> Values:
    first = np.array([statistic(values[: end + 1]) for end in range(min(window - 1, len(values)))], np.float64)
    if len(values) < window:
        return first
    return np.concatenate([first, statistic(sliding_window_view(values, window), axis=1)])
