"""Bootstrap intervals of means over policies and routes.

Every policy drives every route, so policies and routes are crossed. Both are drawn with replacement, independently of each
other, and with a policy and a route come all their episodes: the pigeonhole bootstrap (Owen 2007, The pigeonhole bootstrap,
Annals of Applied Statistics 1(2)). It is slightly conservative. Repeats are not drawn again, because the means of the
routes already vary with them (Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8).

The percentiles are those of the expanded percentile interval (Hesterberg 2015, What Teachers Should Know About the Bootstrap,
The American Statistician 69(4)), without which an interval of a few routes is too short.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy  # imports scipy.stats on first use, which takes half a second

from av_td3.report.evaluation_measures import Values, mean_over

CONFIDENCE = 0.95
MIN_LEVELS = 5  # policies or routes; the extremes of fewer values contain their mean in less than 94 of 100 cases
RESAMPLES = 9999
ROUTES, POLICIES_AND_ROUTES = "routes", "policies and routes"


class Estimate(NamedTuple):
    """A mean with its interval.

    Args:
        mean: over the routes of the means of a route; NaN if nothing was measured.
        low: lower bound; NaN if there is no interval.
        high: upper bound; NaN if there is no interval.
        over: what the interval generalizes over: routes, or policies and routes.
        reason: why there is no interval; else empty.

    """

    mean: float
    low: float = math.nan
    high: float = math.nan
    over: str = ""
    reason: str = ""


class Draws(NamedTuple):
    """Bootstrap replicates of a mean, and the number of levels of the smallest factor that was resampled."""

    means: Values
    levels: int
    over: str


def estimate(cells: Values) -> Estimate:
    """The mean of a measure with its interval, from a fixed seed.

    Args:
        cells: float64 (policies, routes), means over the repeats; NaN where nothing was measured.

    """
    route_means = mean_over(cells, 0)
    cells = cells[:, np.isfinite(route_means)]
    count = cells.shape[1]
    if not count:
        return Estimate(math.nan, reason="not measured")
    mean = float(np.mean(mean_over(cells, 0)))
    if count < MIN_LEVELS:
        return Estimate(mean, reason=too_few(count))
    draws = resample(cells)
    if is_constant(draws.means):
        return Estimate(mean, reason="the routes do not differ")
    low, high = expanded_interval(draws)
    return Estimate(mean, low, high, draws.over)


def estimate_share(cells: Values) -> Estimate:
    """As ``estimate``, for successes.

    If all episodes or none succeeded, the interval is that of Clopper and Pearson (1934) with a trial per route.
    """
    found = estimate(cells)
    count = int(np.sum(np.isfinite(mean_over(cells, 0))))
    if found.mean not in (0.0, 1.0) or count < MIN_LEVELS:
        return found
    exact = scipy.stats.binomtest(count if found.mean else 0, count).proportion_ci(CONFIDENCE)
    return Estimate(found.mean, float(exact.low), float(exact.high), ROUTES)


def too_few(routes: int) -> str:
    """Why there is no interval."""
    return f"{routes} route{'s' if routes != 1 else ''}; an interval needs {MIN_LEVELS}"


def is_constant(values: Values) -> bool:
    """Whether all values are equal up to rounding, so that a bootstrap says nothing."""
    return bool(np.ptp(values) <= 1e-12 * max(1.0, float(np.max(np.abs(values)))))


def resample(cells: Values, against: Values | None = None) -> Draws:
    """Draw routes with replacement, and policies if there are enough of them, else these are kept as they are.

    Args:
        cells: float64 (policies, routes). There must be a value on each route.
        against: those of other policies on the same routes, whose mean is subtracted, route by route.

    Returns:
        Replicates of the mean over the routes, or of the mean difference.

    """
    groups = [cells] if against is None else [cells, against]
    drawn_too = min(map(len, groups)) >= MIN_LEVELS
    means = _route_means(cells, 1, drawn_too)
    if against is not None:
        means = means - _route_means(against, 2, drawn_too)
    drawn = _weights(cells.shape[1], 0) * np.isfinite(means)
    replicates = np.sum(drawn * np.nan_to_num(means), axis=1) / np.maximum(np.sum(drawn, axis=1), 1.0)
    levels = [cells.shape[1], *(map(len, groups) if drawn_too else ())]
    return Draws(replicates, min(levels), POLICIES_AND_ROUTES if drawn_too else ROUTES)


def _route_means(cells: Values, factor: int, drawn: bool) -> Values:
    """The mean over the policies of each route: float64 (resamples, routes), or (1, routes) if policies are not drawn."""
    weights = _weights(len(cells), factor) if drawn else np.ones((1, len(cells)))
    measured = np.isfinite(cells)
    count = weights @ measured
    return np.where(count > 0, (weights @ np.nan_to_num(cells)) / np.maximum(count, 1.0), np.nan)


@lru_cache(maxsize=16)
def _weights(levels: int, factor: int) -> Values:
    """How often each level is in each resample: float64 (resamples, levels)."""
    rng = np.random.default_rng((0, factor))
    return rng.multinomial(levels, np.full(levels, 1.0 / levels), size=RESAMPLES).astype(np.float64)


def expanded_interval(draws: Draws) -> tuple[float, float]:
    """The expanded percentile interval."""
    tail = scipy.stats.norm.cdf(-_expansion(draws.levels) * scipy.stats.t.ppf(0.5 + CONFIDENCE / 2, draws.levels - 1))
    low, high = np.quantile(draws.means, [tail, 1.0 - tail])
    return float(low), float(high)


def p_value(draws: Draws) -> float:
    """The two-sided p-value of the hypothesis that the mean is 0, which inverts the expanded percentile interval.

    Where all replicates are on one side of 0, their normal tail is taken, because the share of resamples cannot be smaller.
    """
    beyond = min(np.sum(draws.means <= 0.0), np.sum(draws.means >= 0.0))
    tail = (beyond + 1) / (len(draws.means) + 1)
    if tail >= 0.5:
        return 1.0
    quantile = float(scipy.stats.norm.ppf(tail))
    if not beyond:
        quantile = min(quantile, -abs(float(np.mean(draws.means))) / float(np.std(draws.means)))
    return float(2.0 * scipy.stats.t.cdf(quantile / _expansion(draws.levels), draws.levels - 1))


def standard_error(draws: Draws) -> float:
    """The standard deviation of the replicates, corrected for the number of levels."""
    return float(np.std(draws.means)) * _expansion(draws.levels)


def _expansion(levels: int) -> float:
    return math.sqrt(levels / (levels - 1))
