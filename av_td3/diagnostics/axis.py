"""What the steps of a log count."""

from enum import Enum

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics import quantities
from av_td3.runs.scalars import Scalars

SECONDS_FROM = 1e9  # steps above are taken for the time of day in seconds
AGREEMENT = 0.25  # relative difference between the steps of an episode and its length, up to which they count the same
ENVIRONMENT_TAGS = (
    "rollout/ep_len_mean",
    "rollout/ep_rew_mean",
    "charts/episodic_return",
    "charts/SPS",
    "time/total_timesteps",
)


class Axis(Enum):
    """The unit of a log's steps."""

    ENVIRONMENT = "environment steps"
    UPDATES = "updates"
    EPISODES = "episodes"
    SECONDS = "seconds"
    UNKNOWN = "steps"

    @property
    def one(self) -> str:
        """A single one, as in "at episode 7"."""
        return {Axis.UPDATES: "update", Axis.EPISODES: "episode", Axis.SECONDS: "second"}.get(self, "step")


def axis_of(scalars: Scalars) -> Axis:
    """Tell what the steps of a log count, from the lengths of its episodes and from tags of known programs.

    Args:
        scalars: the series of the log under its own and our names.

    """
    last = max((int(series.steps[-1]) for series in scalars.values()), default=0)
    if last > SECONDS_FROM:
        return Axis.SECONDS
    if any(tag in scalars for tag in ENVIRONMENT_TAGS):
        return Axis.ENVIRONMENT
    updates = scalars.get(metrics.UPDATES)
    if updates is not None and len(updates.steps) > 2 and np.array_equal(updates.steps, updates.values):
        return Axis.UPDATES
    return _by_episodes(scalars)


def _by_episodes(scalars: Scalars) -> Axis:
    names = (metrics.EPISODE_LENGTH, metrics.EPISODE_REWARD, metrics.EPISODE_SUCCESS, quantities.EPISODE_SECONDS)
    series = next((scalars[name] for name in names if name in scalars), None)
    if series is None or len(series.steps) < 3:
        return Axis.UNKNOWN
    gaps = np.diff(series.steps)
    apart = float(np.median(gaps))
    lengths = scalars.get(metrics.EPISODE_LENGTH)
    if lengths is not None and len(lengths.values) > 2:
        length = float(np.nanmedian(lengths.values))
        if (
            length > 1.0
            and apart >= 1.0
            and abs(apart / length - round(max(1.0, apart / length))) <= AGREEMENT
            and apart >= length
        ):
            return Axis.ENVIRONMENT
        if length > 2.0 and apart < length / 2.0:  # less than an episode's steps between two episodes
            return Axis.EPISODES
        return Axis.UNKNOWN
    return Axis.EPISODES if apart == 1.0 else Axis.UNKNOWN
