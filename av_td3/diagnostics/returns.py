"""Whether the return of a run rises, by statistics that know its noise.

The series is cut into up to twenty blocks. How much the means of neighbouring blocks differ, beyond the trend, is the noise;
a level at the end counts as different from one at the start only if it is away by more than twice the noise and by more than
five percent. Blocks make the result independent of how often a program logs and of running means.
"""

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
import scipy  # imports scipy.stats on first use, which takes half a second

from av_td3 import metrics
from av_td3.diagnostics import quantities
from av_td3.diagnostics.phases import Values, last_quarter
from av_td3.diagnostics.policy_episodes import policy_episodes
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.runs.scalars import Series

BLOCKS = 20
MIN_POINTS = 8  # fewer are too few for a trend
SAME, SAME_OF_FEW = 0.05, 0.25  # relative difference below which two levels are the same; with fewer than MIN_POINTS points
NOISE = 2.0  # times the noise of a block
SAME_NUMBER = 1e-6  # relative difference below which two returns are the same number
LOST, DECLINED = 0.5, 0.25  # share of what had been gained, from which on its loss is a collapse, and a decline if it is steady
AT_ONCE = 0.25  # relative rise after the first block, from which on the run had learned by then
UP_TO_THE_END = 0.75  # share of the run's steps that evaluations must cover
SUCCESSFUL = 0.9  # success rate at the end, from which on a return that does not rise is no failure
MIN_EVALUATIONS, MIN_STEADY = 3, 5  # points of which a large fall counts, and blocks of which a steady one does
FLAT_FROM_START = 0.15  # share of the run within which a rise counts as before learning
STEADY = 0.01  # p-value of a steady fall
_NO_POINTS = Series(np.zeros(0, np.int64), np.zeros(0))


class Trend(Enum):
    """How the return went."""

    RISES = "rises"
    PLATEAU = "has risen, and is flat"
    SOLVED = "stays at its best"
    FLAT = "is flat"
    FALLS = "has fallen below its start"
    DECLINES = "has risen, and declines"
    COLLAPSE = "has risen, and was lost again"
    IDENTICAL = "ends the same in every episode"


@dataclass(frozen=True)
class ReturnTrend:
    """The trend of a return.

    Args:
        trend: how it went.
        series: the finite points.
        evaluation: whether it is of evaluations.
        first: mean of the first twentieth.
        early: level of the first quarter: the median of the means of its twentieths.
        best: highest level of three neighbouring twentieths; ``best_at`` is its step.
        late: level of the last quarter; if the return has fallen, of the last tenth if that is lower.
        noise: standard deviation of a level.
        flat_since: step from which on the level has not changed; None unless it is flat.
        flat_share: share of the points since then.

    """

    trend: Trend
    series: Series
    evaluation: bool
    first: float
    early: float
    best: float
    best_at: int
    late: float
    noise: float
    flat_since: int | None
    flat_share: float


def return_of(run: RecordedRun) -> tuple[Series, bool]:
    """The return to judge, without non-finite points, and whether it is of evaluations.

    Evaluations are without exploration noise, so they count where there are enough, and up to the end. Raises NotLogged.
    """
    found = {}
    if run.has(metrics.EVAL_REWARD):
        found[metrics.EVAL_REWARD] = finite_points(run.series(metrics.EVAL_REWARD))
    if run.has(metrics.EPISODE_REWARD):
        found[metrics.EPISODE_REWARD] = finite_points(policy_episodes(run, metrics.EPISODE_REWARD))
    enough = {tag: series for tag, series in found.items() if len(series.values) >= MIN_POINTS}
    evaluations, episodes = enough.get(metrics.EVAL_REWARD), enough.get(metrics.EPISODE_REWARD)
    if evaluations is not None and (episodes is None or evaluations.steps[-1] >= UP_TO_THE_END * episodes.steps[-1]):
        return evaluations, True
    if episodes is not None:
        return episodes, False
    if run.ours and len(found.get(metrics.EVAL_REWARD, _NO_POINTS).values) > 1:
        return found[metrics.EVAL_REWARD], True
    raise NotLogged(f"{MIN_POINTS} points of {metrics.EVAL_REWARD} or {metrics.EPISODE_REWARD}")


def return_trend(run: RecordedRun) -> ReturnTrend:
    """The trend of the return, in view of what else is known of the episodes. Raises NotLogged if there are too few points."""
    trend = trend_of(*return_of(run))
    stays = trend.trend in (Trend.FLAT, Trend.PLATEAU, Trend.IDENTICAL)
    if stays and _succeeds(run):
        return dataclasses.replace(trend, trend=Trend.SOLVED)
    at_once = trend.trend is Trend.PLATEAU and 1.0 - trend.flat_share <= FLAT_FROM_START
    if at_once and _fewer_random(run, trend):
        return dataclasses.replace(trend, trend=Trend.FLAT)  # it rose because fewer actions were random
    return trend


def trend_or_none(run: RecordedRun) -> Trend | None:
    """How the return went; None if there are too few points."""
    try:
        return return_trend(run).trend
    except NotLogged:
        return None


def few_evaluations(run: RecordedRun) -> ReturnTrend | None:
    """The trend of evaluations that are too few to be the return to judge; None if there are less than three."""
    if not run.has(metrics.EVAL_REWARD):
        return None
    series = finite_points(run.series(metrics.EVAL_REWARD))
    return trend_of(series, evaluation=True) if MIN_EVALUATIONS <= len(series.values) < MIN_POINTS else None


def _succeeds(run: RecordedRun) -> bool:
    tag = next((tag for tag in (metrics.EVAL_SUCCESS, metrics.EPISODE_SUCCESS) if run.has(tag)), None)
    return tag is not None and bool(np.mean(last_quarter(run.values(tag))) >= SUCCESSFUL)


def _fewer_random(run: RecordedRun, trend: ReturnTrend) -> bool:
    """Whether the share of random actions fell to less than half before the return was flat."""
    if not run.has(quantities.EPSILON):
        return False
    epsilon = finite_points(run.series(quantities.EPSILON))
    before = epsilon.values[epsilon.steps <= trend.series.steps[int(FLAT_FROM_START * len(trend.series.steps))]]
    return len(before) > 0 and bool(before[-1] < 0.5 * before[0])


class _Levels(NamedTuple):
    """What the trend of a series follows from."""

    blocks: Values
    constant: bool  # whether the last quarter is one number
    start: float  # of the smoothed blocks
    early: float  # median of the first quarter
    late: float  # median of the last quarter
    end: float  # the lower of ``late`` and the mean of the last tenth
    best_index: int  # of the smoothed blocks
    best: float
    noise: float

    @property
    def relative(self) -> float:
        """The relative difference below which levels are the same."""
        return SAME if len(self.blocks) >= MIN_POINTS else SAME_OF_FEW

    def same(self, one: float, other: float) -> bool:
        """Whether two levels are the same within the noise."""
        return abs(one - other) <= max(self.relative * max(abs(one), abs(other)), NOISE * self.noise)

    def has_lost(self, share: float) -> bool:
        """Whether the end is below the best by more than a share of what had been gained, and by more than the noise."""
        lost = self.best - self.end
        return not self.same(self.best, self.start) and lost > max(
            share * (self.best - self.start), 2.0 * NOISE * self.noise, 2.0 * self.relative * abs(self.best)
        )


def trend_of(series: Series, evaluation: bool = False) -> ReturnTrend:
    """The trend of a series without non-finite points.

    Args:
        series: at least two points.
        evaluation: whether it is of evaluations.

    """
    blocks, steps = blocks_of(series)
    levels = _levels(blocks, series.values)
    flat_from = _flat_from(levels)
    trend = _trend(levels, flat_from)
    if _rose_at_once(levels):
        flat_from = max(flat_from, 1.0 / len(blocks))
    if trend is Trend.FLAT and flat_from > FLAT_FROM_START:
        flat_from = 0.0  # it wandered in between, and came back
    flat = trend in (Trend.FLAT, Trend.PLATEAU, Trend.IDENTICAL)
    first = min(int(flat_from * len(series.steps)), len(series.steps) - 1)
    return ReturnTrend(
        trend=trend,
        series=series,
        evaluation=evaluation,
        first=float(blocks[0]),
        early=levels.early,
        best=levels.best,
        best_at=int(steps[levels.best_index]),
        late=levels.end if trend in (Trend.COLLAPSE, Trend.FALLS, Trend.DECLINES) else levels.late,
        noise=levels.noise,
        flat_since=int(series.steps[first]) if flat else None,
        flat_share=1.0 - flat_from if flat else 0.0,
    )


def _levels(blocks: Values, values: Values) -> _Levels:
    many = len(blocks) >= MIN_POINTS
    smooth = _median_of_three(blocks) if many else blocks
    quarter = max(1, len(blocks) // 4)
    late = float(np.median(blocks[-quarter:]))
    best = int(np.argmax(smooth))
    return _Levels(
        blocks=blocks,
        constant=_constant(values),
        start=float(smooth[0]),
        early=float(np.median(blocks[:quarter])),
        late=late,
        end=min(late, float(np.mean(blocks[-2:]))) if many else float(blocks[-1]),
        best_index=best,
        best=float(smooth[best]),
        noise=_noise(blocks),
    )


def _trend(levels: _Levels, flat_from: float) -> Trend:
    start, early, late, same = levels.start, levels.early, levels.late, levels.same
    if levels.constant and late > 0.0 and not same(start, late) and same(late, levels.best):
        return Trend.SOLVED
    if levels.has_lost(LOST):
        return Trend.COLLAPSE
    if _has_fallen(levels):
        return Trend.FALLS
    if levels.constant:
        return Trend.IDENTICAL
    if same(early, late) and flat_from <= FLAT_FROM_START:
        return Trend.PLATEAU if _rose_at_once(levels) else Trend.FLAT
    if late < early or (same(early, late) and same(start, late)):
        return Trend.FLAT
    if levels.has_lost(DECLINED) and _falls_steadily(levels.blocks[levels.best_index :]):
        return Trend.DECLINES
    return Trend.PLATEAU if flat_from <= 0.5 and len(levels.blocks) >= MIN_POINTS else Trend.RISES


def finite_points(series: Series) -> Series:
    """A series without its non-finite points."""
    keep = np.isfinite(series.values)
    return Series(series.steps[keep], series.values[keep])


def blocks_of(series: Series) -> tuple[Values, Values]:
    """The mean of each block of a series, and its middle step."""
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


def _flat_from(levels: _Levels) -> float:
    """The share of the run before the late level was first reached for good, but for single blocks."""
    blocks = _median_of_three(levels.blocks) if len(levels.blocks) > 2 else levels.blocks
    away = [index for index, block in enumerate(blocks) if not levels.same(block, levels.late)]
    return (away[-1] + 1) / len(blocks) if away else 0.0


def _rose_at_once(levels: _Levels) -> bool:
    """Whether the first block is far below the rest: it was learned in no time."""
    first, late = float(levels.blocks[0]), levels.late
    return len(levels.blocks) >= MIN_POINTS and late - first > max(
        AT_ONCE * max(abs(first), abs(late)), 2.0 * NOISE * levels.noise
    )


def _has_fallen(levels: _Levels) -> bool:
    blocks, early, late = levels.blocks, levels.early, levels.late
    if len(blocks) < MIN_POINTS:
        return early - levels.end > 2.0 * SAME_OF_FEW * max(abs(early), abs(levels.end))
    if late < early and not levels.same(early, late):
        return abs(early - late) > 2.0 * SAME * max(abs(early), abs(late))
    return early - late > 4.0 * SAME * max(abs(early), abs(late)) and _falls_steadily(blocks)


def _falls_steadily(blocks: Values) -> bool:
    """Whether a series falls by Kendall's test of a trend."""
    if len(blocks) < MIN_STEADY:
        return False
    tau, p_value = scipy.stats.kendalltau(np.arange(len(blocks)), blocks)
    return bool(tau < 0.0 and p_value < STEADY)
