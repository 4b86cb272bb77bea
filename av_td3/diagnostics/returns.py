"""Whether the return of a run rises, by statistics that know its noise.

The series is cut into up to twenty blocks. How much the means of neighbouring blocks differ, beyond the trend, is the noise;
a level at the end counts as different from one at the start only if it is away by more than twice the noise and by more than
five percent. Blocks make the result independent of how often a program logs and of running means.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from av_td3 import metrics
from av_td3.diagnostics.phases import Values
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.runs.scalars import Series

BLOCKS = 20
MIN_POINTS = 8  # below, no trend can be told
SAME, SAME_OF_FEW = 0.05, 0.25  # relative difference below which two levels are the same; with fewer than MIN_POINTS points
NOISE = 2.0  # times the noise of a block
SAME_NUMBER = 1e-6  # relative difference below which two returns are the same number
LOST = 0.5  # share of what had been gained, from which on its loss is a collapse
FLAT_FROM_START = 0.15  # share of the run within which a rise counts as before learning
STEADY = 0.01  # p-value of a steady fall


class Trend(Enum):
    """How the return went."""

    RISES = "rises"
    PLATEAU = "has risen, then flat"
    SOLVED = "at its best value, always"
    FLAT = "flat from the start"
    FALLS = "lower than at the start"
    COLLAPSE = "has risen, then lost"
    IDENTICAL = "the same in every episode"


@dataclass(frozen=True)
class ReturnTrend:
    """The trend of a return.

    Args:
        trend: how it went.
        series: the finite points.
        evaluation: whether it is of evaluations.
        early: level of the first quarter.
        best: highest level; ``best_at`` is its step.
        late: level of the last quarter, after a collapse of the last tenth.
        noise: standard deviation of a level.
        flat_since: step from which on the level has not changed; None unless it is flat.
        flat_share: share of the points since then.

    """

    trend: Trend
    series: Series
    evaluation: bool
    early: float
    best: float
    best_at: int
    late: float
    noise: float
    flat_since: int | None
    flat_share: float


def return_of(run: RecordedRun) -> tuple[Series, bool]:
    """The return to judge, without non-finite points, and whether it is of evaluations.

    Evaluations are without exploration noise, so they count where there are enough. Raises NotLogged.
    """
    for tag in (metrics.EVAL_REWARD, metrics.EPISODE_REWARD):
        if run.has(tag):
            series = _finite(run.series(tag))
            if len(series.values) >= MIN_POINTS or (run.ours and tag == metrics.EVAL_REWARD and len(series.values) > 1):
                return series, tag == metrics.EVAL_REWARD
    raise NotLogged(f"{MIN_POINTS} points of {metrics.EVAL_REWARD} or {metrics.EPISODE_REWARD}")


def return_trend(run: RecordedRun) -> ReturnTrend:
    """The trend of the return. Raises NotLogged if there are fewer than MIN_POINTS points of it."""
    return trend_of(*return_of(run))


def trend_of(series: Series, evaluation: bool = False) -> ReturnTrend:
    """The trend of a series without non-finite points.

    Args:
        series: at least two points.
        evaluation: whether it is of evaluations.

    """
    blocks, steps = _blocks(series)
    smooth = _median_of_three(blocks) if len(blocks) >= MIN_POINTS else blocks
    quarter = max(1, len(blocks) // 4)
    start, early, late = smooth[0], float(np.median(blocks[:quarter])), float(np.median(blocks[-quarter:]))
    noise = _noise(blocks)
    best_index = int(np.argmax(smooth))
    best = float(smooth[best_index])
    end = min(late, float(np.mean(blocks[-2:]))) if len(blocks) >= MIN_POINTS else float(blocks[-1])

    relative = SAME if len(blocks) >= MIN_POINTS else SAME_OF_FEW

    def same(one: float, other: float) -> bool:
        return abs(one - other) <= max(relative * max(abs(one), abs(other)), NOISE * noise)

    flat_from = _flat_from(blocks, late, same)
    constant = _constant(series.values)
    gained, lost = best - start, best - end
    if constant and not same(start, late) and late > 0.0 and same(late, best):
        trend = Trend.SOLVED
    elif not same(best, start) and lost > max(LOST * gained, 2.0 * NOISE * noise, 2.0 * relative * abs(best)):
        trend = Trend.COLLAPSE
    elif _has_fallen(blocks, early, late, end, same):
        trend = Trend.FALLS
    elif constant:
        trend = Trend.IDENTICAL
    elif (same(early, late) and flat_from <= FLAT_FROM_START) or late < early or (same(early, late) and same(start, late)):
        trend = Trend.FLAT
    else:
        trend = Trend.PLATEAU if flat_from <= 0.5 and len(blocks) >= MIN_POINTS else Trend.RISES
    if trend is Trend.FLAT and flat_from > FLAT_FROM_START:
        flat_from = 0.0  # it wandered in between, and came back
    flat = trend in (Trend.FLAT, Trend.PLATEAU, Trend.IDENTICAL)
    first = min(int(flat_from * len(series.steps)), len(series.steps) - 1)
    return ReturnTrend(
        trend=trend,
        series=series,
        evaluation=evaluation,
        early=early,
        best=best,
        best_at=int(steps[best_index]),
        late=end if trend in (Trend.COLLAPSE, Trend.FALLS) else late,
        noise=noise,
        flat_since=int(series.steps[first]) if flat else None,
        flat_share=1.0 - flat_from if flat else 0.0,
    )


def _finite(series: Series) -> Series:
    keep = np.isfinite(series.values)
    return Series(series.steps[keep], series.values[keep])


def _blocks(series: Series) -> tuple[Values, Values]:
    """The mean of each block, and its middle step."""
    count = min(BLOCKS, len(series.values))
    parts = np.array_split(np.arange(len(series.values)), count)
    means = np.array([np.mean(series.values[part]) for part in parts])
    return means, np.array([series.steps[part[len(part) // 2]] for part in parts], np.float64)


def _median_of_three(values: Values) -> Values:
    """The median of each value and its neighbours; that of the first three for the first."""
    middle = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
    return np.concatenate([middle[:1], middle, middle[-1:]])


def _noise(blocks: Values) -> float:
    """The standard deviation of a block: from neighbouring differences, robust to a trend and to a single jump."""
    if len(blocks) < MIN_POINTS:
        return 0.0
    differences = np.diff(blocks)
    return float(1.4826 * np.median(np.abs(differences - np.median(differences))) / np.sqrt(2.0))


def _constant(values: Values) -> bool:
    """Whether the last quarter, of at least five points, is the same number."""
    last = values[-max(5, len(values) // 4) :]
    return len(values) >= MIN_POINTS and float(np.ptp(last)) <= SAME_NUMBER * float(np.max(np.abs(last)))


def _flat_from(blocks: Values, level: float, same: Callable[[float, float], bool]) -> float:
    """The share of the run before the level was first reached for good, but for single blocks."""
    away = [
        index for index, block in enumerate(_median_of_three(blocks) if len(blocks) > 2 else blocks) if not same(block, level)
    ]
    return (away[-1] + 1) / len(blocks) if away else 0.0


def _has_fallen(blocks: Values, early: float, late: float, end: float, same: Callable[[float, float], bool]) -> bool:
    if len(blocks) < MIN_POINTS:
        return early - end > 2.0 * SAME_OF_FEW * max(abs(early), abs(end))
    if late < early and not same(early, late):
        return abs(early - late) > 2.0 * SAME * max(abs(early), abs(late))
    tau, p_value = stats.kendalltau(np.arange(len(blocks)), blocks)
    return bool(tau < 0.0 and p_value < STEADY and early - late > 4.0 * SAME * max(abs(early), abs(late)))
