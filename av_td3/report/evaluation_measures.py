"""The measures of an evaluation, and their values as arrays."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.runs.evaluated_episodes import EvaluatedEpisode

Values = NDArray[np.float64]


class Measure(NamedTuple):
    """A measure of an episode.

    Args:
        column: of ``episodes.csv``.
        title: in tables.
        unit: of its values; empty for shares, counts and sums of rewards.
        better: 1 if more is better, -1 if less is, 0 if neither.

    """

    column: str
    title: str
    unit: str
    better: int

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


DRIVING_SCORE = Measure("driving_score", "driving score", "", 1)
SUCCESS = Measure("success", "success", "", 1)
ROUTE_COMPLETION = Measure("route_completion", "route completion", "", 1)
REWARD = Measure("reward", "reward", "", 1)
HEADLINE = (SUCCESS, ROUTE_COMPLETION, DRIVING_SCORE)
OUTCOMES = (*HEADLINE, REWARD, Measure("collisions", "collisions", "", -1))
LANE_KEEPING = (
    Measure("lane_invasions_per_km", "lane invasions", "1/km", -1),
    Measure("outside_lane_share", "share outside the lane", "", -1),
    Measure("lateral_rms", "RMS lateral deviation", "m", -1),
    Measure("heading_rms", "RMS heading error", "°", -1),
)
MOTION = (
    Measure("mean_speed", "mean speed", "m/s", 0),
    Measure("speed_error", "speed error", "m/s", -1),
    Measure("jerk_rms", "RMS jerk", "m/s³", -1),
    Measure("lateral_acceleration_max", "maximum lateral acceleration", "m/s²", -1),
    Measure("min_time_to_collision", "minimum time to collision", "s", 1),
)
MEASURES = (*OUTCOMES, *LANE_KEEPING, *MOTION)
SPLIT = (DRIVING_SCORE, ROUTE_COMPLETION, REWARD)  # their variance is split


def value_of(episode: EvaluatedEpisode, measure: Measure) -> float | None:
    """The measured value of an episode; None if it was not measured."""
    value: float | None = getattr(episode, measure.column)
    return value


def routes_of(episodes: Iterable[EvaluatedEpisode]) -> list[str]:
    """The ids of the routes, in order of appearance."""
    return list(dict.fromkeys(episode.route for episode in episodes))


def cube(
    episodes: Iterable[EvaluatedEpisode],
    measure: Measure,
    policies: Sequence[str],
    routes: Sequence[str],
    repeats: Sequence[int],
) -> Values:
    """The values of a measure by policy, route and repeat.

    Returns:
        float64 (policies, routes, repeats); NaN where the measure was not measured.

    """
    places = [{level: index for index, level in enumerate(levels)} for levels in (policies, routes, repeats)]
    values = np.full((len(policies), len(routes), len(repeats)), np.nan)
    for episode in episodes:
        value = value_of(episode, measure)
        if value is not None and all(level in place for level, place in zip(episode.key, places, strict=True)):
            values[tuple(place[level] for level, place in zip(episode.key, places, strict=True))] = value
    return values


def mean_over(values: Values, axis: int) -> Values:
    """The mean over an axis without the NaN; NaN where there is nothing else."""
    measured = np.isfinite(values)
    count = measured.sum(axis=axis)
    return np.where(count > 0, np.where(measured, values, 0.0).sum(axis=axis) / np.maximum(count, 1), np.nan)
