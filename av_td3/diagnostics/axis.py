"""What the steps of a log count."""

from enum import Enum

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics import quantities
from av_td3.diagnostics.phases import finite
from av_td3.runs.scalars import Scalars

SECONDS_FROM = 1e9  # if all steps are above, they are taken for the time of day in seconds
AGREEMENT = 0.25  # of an episode: how far the steps between two points may be from those of whole episodes
MIN_POINTS = 3
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
    if any(tag in scalars for tag in ENVIRONMENT_TAGS):
        return Axis.ENVIRONMENT
    if min((int(series.steps[0]) for series in scalars.values()), default=0) > SECONDS_FROM:
        return Axis.SECONDS
    updates = scalars.get(metrics.UPDATES)
    if updates is not None and len(updates.steps) > 2 and np.array_equal(updates.steps, updates.values):
        return Axis.UPDATES
    return _by_episodes(scalars)


def _by_episodes(scalars: Scalars) -> Axis:
    names = (metrics.EPISODE_LENGTH, metrics.EPISODE_REWARD, metrics.EPISODE_SUCCESS, quantities.EPISODE_SECONDS)
    series = next((scalars[name] for name in names if name in scalars), None)
    if series is None or len(series.steps) < MIN_POINTS:
        return Axis.UNKNOWN
    apart = float(np.median(np.diff(series.steps)))
    lengths = scalars.get(metrics.EPISODE_LENGTH)
    known = finite(lengths.values) if lengths is not None else np.zeros(0)
    if not len(known):
        return Axis.EPISODES if apart == 1.0 else Axis.UNKNOWN
    episodes = apart / float(max(np.median(known), 1.0))  # between two points, if the steps are those of the environment
    if float(np.median(known)) > 2.0 and episodes < 0.5:
        return Axis.EPISODES
    whole = episodes >= 1.0 - AGREEMENT and abs(episodes - round(episodes)) <= AGREEMENT
    return Axis.ENVIRONMENT if whole and float(np.median(known)) > 1.0 else Axis.UNKNOWN
