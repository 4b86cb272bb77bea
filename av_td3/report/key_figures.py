"""The numbers by which runs are compared."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics.phases import Values, finite, late
from av_td3.diagnostics.recorded_run import RecordedRun


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


EVALUATION = KeyFigure("evaluation reward", metrics.EVAL_REWARD, _last)
KEY_FIGURES = (
    EVALUATION,
    KeyFigure("route completion", metrics.EVAL_ROUTE_COMPLETION, _last),
    KeyFigure("episode reward, late", metrics.EPISODE_REWARD, late),
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


def key_figures(run: RecordedRun) -> dict[str, float]:
    """All key figures by name; NaN if the tag was not logged."""
    return {f.name: f.pick(run.values(f.tag)) if run.has(f.tag) else math.nan for f in KEY_FIGURES}


def number(value: float) -> str:
    """Format a number with four digits; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value:.4g}"
