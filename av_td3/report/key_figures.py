"""The few numbers by which runs are compared."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from av_td3.diagnostics.phases import Values, finite, late
from av_td3.diagnostics.recorded_run import RecordedRun


class KeyFigure(NamedTuple):
    """A number of a run: from one tag, by one rule."""

    name: str
    tag: str
    pick: Callable[[Values], float]


def _mean(values: Values) -> float:
    return float(np.mean(finite(values))) if len(finite(values)) else math.nan


def _last(values: Values) -> float:
    return float(values[-1])


def _largest(values: Values) -> float:
    return float(np.max(np.abs(values)))


EVALUATION = KeyFigure("evaluation reward", "eval/reward", _last)
KEY_FIGURES = (
    EVALUATION,
    KeyFigure("route completion", "eval/route_completion", _last),
    KeyFigure("episode reward, late", "episode/reward", late),
    KeyFigure("episode length, late", "episode/length", late),
    KeyFigure("actor loss, late", "train/actor_loss", late),
    KeyFigure("critic loss, mean", "train/critic_loss", _mean),
    KeyFigure("|Q1|, largest", "train/q1_value", _largest),
    KeyFigure("actor norm before clip, late", "debug/actor_grad_norm_BEFORE_clip", late),
    KeyFigure("actor updates clipped", "debug/actor_clipped_fraction", _mean),
    KeyFigure("critic updates clipped", "debug/critic_clipped_fraction", _mean),
    KeyFigure("saturation, late", "debug/action_saturation", late),
    KeyFigure("updates per s", "perf/updates_per_s", _mean),
)


def key_figures(run: RecordedRun) -> dict[str, float]:
    """Every key figure by its name; NaN where nothing was logged."""
    return {f.name: f.pick(run.values(f.tag)) if run.has(f.tag) else math.nan for f in KEY_FIGURES}


def number(value: float) -> str:
    """As people read it; a dash where there is none."""
    return "-" if math.isnan(value) else f"{value:.4g}"
