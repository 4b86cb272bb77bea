"""The numbers by which runs are compared."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics import quantities as q
from av_td3.diagnostics.phases import Values, finite, late
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.diagnostics.returns import MIN_POINTS, trend_of
from av_td3.runs.scalars import Series


class KeyFigure(NamedTuple):
    """A statistic of one tag."""

    name: str
    tag: str
    pick: Callable[[Values], float]


def _mean(values: Values) -> float:
    return float(np.mean(finite(values))) if len(finite(values)) else math.nan


def _last(values: Values) -> float:
    return float(values[-1])


def _largest(values: Values) -> float:
    return float(np.max(np.abs(values)))


def _late_level(values: Values) -> float:
    """The level that the diagnosis of a return goes by; NaN with too few points."""
    numbers = finite(values)
    return trend_of(Series(np.arange(len(numbers)), numbers)).late if len(numbers) >= MIN_POINTS else math.nan


def _best_level(values: Values) -> float:
    numbers = finite(values)
    return trend_of(Series(np.arange(len(numbers)), numbers)).best if len(numbers) >= MIN_POINTS else math.nan


EVALUATION = KeyFigure("evaluation reward", metrics.EVAL_REWARD, _last)
EPISODE_REWARD = KeyFigure("episode reward, late", metrics.EPISODE_REWARD, late)
KEY_FIGURES = (  # of runs of ours
    EVALUATION,
    KeyFigure("route completion", metrics.EVAL_ROUTE_COMPLETION, _last),
    EPISODE_REWARD,
    KeyFigure("episode length, late", metrics.EPISODE_LENGTH, late),
    KeyFigure("actor loss, late", metrics.ACTOR_LOSS, late),
    KeyFigure("critic loss, mean", metrics.CRITIC_LOSS, _mean),
    KeyFigure("|Q1|, largest", metrics.Q1_VALUE, _largest),
    KeyFigure("actor norm before clip, late", metrics.grad_norm(metrics.ACTOR, "BEFORE"), late),
    KeyFigure("actor updates clipped", metrics.clipped_fraction(metrics.ACTOR), _mean),
    KeyFigure("critic updates clipped", metrics.clipped_fraction(metrics.CRITIC), _mean),
    KeyFigure("saturation, late", metrics.ACTION_SATURATION, late),
    KeyFigure("updates per s", metrics.UPDATES_PER_S, _mean),
)
EVALUATION_LEVELS = (
    KeyFigure("evaluation reward, late level", metrics.EVAL_REWARD, _late_level),
    KeyFigure("evaluation reward, best level", metrics.EVAL_REWARD, _best_level),
)
LOG_FIGURES = (  # of logs of other programs, whose return is judged by its levels
    *EVALUATION_LEVELS,
    KeyFigure("episode reward, late level", metrics.EPISODE_REWARD, _late_level),
    KeyFigure("episode reward, best level", metrics.EPISODE_REWARD, _best_level),
    KeyFigure("success, late level", metrics.EPISODE_SUCCESS, _late_level),
    *(figure for figure in KEY_FIGURES if figure not in (EVALUATION, EPISODE_REWARD)),
    KeyFigure("critic loss, late", metrics.CRITIC_LOSS, late),
    KeyFigure("value loss, late", q.VALUE_LOSS, late),
    KeyFigure("KL, late", q.APPROX_KL, late),
    KeyFigure("ratios clipped, late", q.CLIP_FRACTION, late),
    KeyFigure("explained variance, late", q.EXPLAINED_VARIANCE, late),
    KeyFigure("entropy, late", q.ENTROPY, late),
    KeyFigure("standard deviation, late", q.STD, late),
    KeyFigure("temperature, late", q.TEMPERATURE, late),
    KeyFigure("random actions, late", q.EPSILON, late),
    KeyFigure("steps per s", metrics.ENV_STEPS_PER_S, _mean),
)


def key_figures(run: RecordedRun, figures: Sequence[KeyFigure] = KEY_FIGURES) -> dict[str, float]:
    """Key figures by name; NaN if the tag was not logged."""
    return {f.name: f.pick(run.values(f.tag)) if run.has(f.tag) else math.nan for f in figures}


def figures_of(runs: Sequence[RecordedRun]) -> list[KeyFigure]:
    """The key figures that at least one of the runs has."""
    figures = (*KEY_FIGURES, *EVALUATION_LEVELS) if all(run.ours for run in runs) else LOG_FIGURES
    found = [key_figures(run, figures) for run in runs]
    return [figure for figure in figures if not all(math.isnan(numbers[figure.name]) for numbers in found)]


def number(value: float) -> str:
    """Format a number with four digits; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value:.4g}"
