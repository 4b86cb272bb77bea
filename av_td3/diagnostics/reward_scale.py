"""What Q can be, given the returns that were observed."""

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics import quantities
from av_td3.diagnostics.growth import typical
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun

DISCOUNT = 0.99  # where the log does not say it
MIN_LENGTHS = 3


def discount_of(run: RecordedRun) -> float:
    """The discount, as configured or usual."""
    return float(run.setting_or("algorithm.discount", DISCOUNT))


def horizon_of(run: RecordedRun) -> float:
    """Steps that count towards Q: 1 / (1 - discount)."""
    return 1.0 / max(1e-6, 1.0 - discount_of(run))


def reward_per_step(run: RecordedRun) -> float:
    """The largest |mean reward per step| of the episodes, but for a twentieth of them. Raises NotLogged."""
    try:
        returns, lengths = run.numbers(metrics.EPISODE_REWARD), run.numbers(metrics.EPISODE_LENGTH)
    except NotLogged:
        return typical(run.numbers(quantities.STEP_REWARD))
    lengths = lengths[lengths > 0.0]
    if len(lengths) < MIN_LENGTHS:
        raise NotLogged(metrics.EPISODE_LENGTH)
    if len(returns) == len(lengths):
        return typical(returns / lengths)
    return typical(returns) / float(np.median(lengths))


def q_scale(run: RecordedRun) -> float:
    """The largest mean |Q| that the observed rewards allow: reward per step times the horizon.

    It holds for a mean over all states however the rewards are spread over an episode, and whether time limits are
    truncations (bootstrapped) or not. Without episode lengths: the largest return. Raises NotLogged.
    """
    try:
        return reward_per_step(run) * horizon_of(run)
    except NotLogged:
        tags = [tag for tag in (metrics.EPISODE_REWARD, metrics.EVAL_REWARD) if run.has(tag)]
        if not tags:
            raise
        return max(typical(run.values(tag)) for tag in tags)
