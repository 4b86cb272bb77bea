"""How much a quantity has grown over its own past, in whatever units."""

from dataclasses import dataclass

import numpy as np

from av_td3.diagnostics.phases import Values
from av_td3.runs.scalars import Series

MIN_POINTS = 8
EXPONENTIAL = 5.0  # last over median from which on growth is faster than any straight line
JUMP = 1e4  # last over first from which on that does not matter


@dataclass(frozen=True)
class Growth:
    """The growth of |value|, from non-zero finite points.

    Args:
        first: median of the first quarter.
        last: median of the last tenth.
        ratio: last over first.
        runaway: whether it grew faster than in a straight line, or by several orders of magnitude.
        since: step from which on it stayed above ten times ``first``; None if it did not.

    """

    first: float
    last: float
    ratio: float
    runaway: bool
    since: int | None


def growth_of(series: Series) -> Growth | None:
    """The growth of a series; None if it has fewer than MIN_POINTS finite non-zero points."""
    keep = np.isfinite(series.values) & (series.values != 0.0)
    steps, sizes = series.steps[keep], np.abs(series.values[keep])
    if len(sizes) < MIN_POINTS:
        return None
    first = float(np.median(sizes[: len(sizes) // 4]))
    last = float(np.median(sizes[-max(3, len(sizes) // 10) :]))
    ratio = last / first
    above = np.flatnonzero(sizes <= 10.0 * first)
    since = int(above[-1]) + 1
    runaway = last >= EXPONENTIAL * float(np.median(sizes)) or ratio >= JUMP
    return Growth(first, last, ratio, runaway, int(steps[since]) if since < len(steps) else None)


def typical(values: Values) -> float:
    """The size of a quantity that may cross zero: the 95th percentile of |value|, NaN without finite points."""
    sizes = np.abs(values[np.isfinite(values)])
    return float(np.percentile(sizes, 95)) if len(sizes) else float("nan")
