"""Differences of two evaluations on the same routes: intervals, verdicts, and what it would take to separate them."""

import math
from enum import Enum
from typing import NamedTuple

import numpy as np
import scipy  # imports scipy.stats on first use, which takes half a second

from av_td3.report.evaluation_measures import Measure, Values, mean_over
from av_td3.report.route_bootstrap import (
    CONFIDENCE,
    MIN_LEVELS,
    POLICIES_AND_ROUTES,
    Draws,
    Estimate,
    expanded_interval,
    is_constant,
    p_value,
    resample,
    standard_error,
    too_few,
)

POWER = 0.8  # probability with which the routes that are said to be needed would separate the difference
MAX_NEEDED = 10_000  # routes or repeats; more are not a plan
TOO_MANY = f"more than {MAX_NEEDED:,} routes"


CORRECTED_AWAY = "separated alone, but not among so many measures"


class Verdict(str, Enum):
    A = "A is better"
    B = "B is better"
    OPEN = "cannot be separated"
    UNRANKED = "not ranked"  # neither more nor less of it is better


class PairedDifference(NamedTuple):
    """A minus B on the routes and repeats of both.

    Args:
        measure: that is compared.
        a: mean of A.
        b: mean of B.
        difference: mean over the routes of A minus B, with its interval, which is not corrected for multiple comparisons.
        routes: number of routes on which both measured it.
        by_route: float64 (routes,), A minus B; NaN where one of them did not measure it.
        p: two-sided p-value, without correction; 1 if there are too few routes to compute it.
        verdict: after the correction, if the measure is secondary.
        needed: what would separate a difference of this size; empty if it is separated.

    """

    measure: Measure
    a: float
    b: float
    difference: Estimate
    routes: int
    by_route: Values
    p: float
    verdict: Verdict
    needed: str


def paired_difference(measure: Measure, a: Values, b: Values) -> PairedDifference:
    """Compare a measure on the routes and repeats that both drove.

    Args:
        measure: that is compared.
        a: float64 (policies of A, routes, repeats); NaN where it was not measured.
        b: those of B on the same routes and repeats.

    """
    shared = np.isfinite(mean_over(a, 0)) & np.isfinite(mean_over(b, 0))
    cells = [mean_over(np.where(shared, values, np.nan), 2) for values in (a, b)]
    route_means = [mean_over(group, 0) for group in cells]
    by_route = route_means[0] - route_means[1]
    both = np.isfinite(by_route)
    count = int(np.sum(both))
    if not count:
        nothing = Estimate(math.nan, reason="no route on which both measured it")
        return PairedDifference(measure, math.nan, math.nan, nothing, 0, by_route, 1.0, Verdict.OPEN, "")
    mean_a, mean_b = (float(np.mean(group[both])) for group in route_means)
    draws = resample(cells[0][:, both], cells[1][:, both])
    difference, p = _difference(by_route[both], draws)
    verdict = verdict_of(measure, difference.mean, p < 1.0 - CONFIDENCE)
    per_repeat = mean_over(np.where(shared, a, np.nan), 0) - mean_over(np.where(shared, b, np.nan), 0)
    needed = _needed(difference.mean, draws, per_repeat[both]) if verdict is Verdict.OPEN else ""
    return PairedDifference(measure, mean_a, mean_b, difference, count, by_route, p, verdict, needed)


def _difference(by_route: Values, draws: Draws) -> tuple[Estimate, float]:
    mean, count = float(np.mean(by_route)), len(by_route)
    if count < MIN_LEVELS:
        return Estimate(mean, reason=too_few(count)), 1.0
    if is_constant(draws.means):  # then only the signs say something
        p = 1.0 if abs(mean) <= 1e-12 else 2.0 * 0.5**count
        return Estimate(mean, reason="the difference is the same on every route; sign test"), p
    return Estimate(mean, *expanded_interval(draws), draws.over), p_value(draws)


def verdict_of(measure: Measure, difference: float, separated: bool) -> Verdict:
    """The verdict on a difference of A minus B."""
    if not measure.better:
        return Verdict.UNRANKED
    if not separated:
        return Verdict.OPEN
    return Verdict.A if difference * measure.better > 0.0 else Verdict.B


def holm(p_values: list[float]) -> list[float]:
    """The p-values corrected for multiple comparisons (Holm 1979, Scandinavian Journal of Statistics 6(2))."""
    corrected, largest = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def corrected_for(differences: list[PairedDifference]) -> list[PairedDifference]:
    """Replace the p-values by corrected ones, and the verdicts accordingly. A measure that is not ranked takes no part."""
    ranked = [difference for difference in differences if difference.measure.better and difference.routes]
    values = dict(zip((one.measure for one in ranked), holm([one.p for one in ranked]), strict=True))
    replaced = []
    for one in differences:
        p = values.get(one.measure, one.p)
        verdict = verdict_of(one.measure, one.difference.mean, p < 1.0 - CONFIDENCE)
        needed = CORRECTED_AWAY if verdict is Verdict.OPEN and one.verdict is not Verdict.OPEN else one.needed
        replaced.append(one._replace(p=p, verdict=verdict, needed=needed))
    return replaced


def _needed(mean: float, draws: Draws, per_repeat: Values) -> str:
    """How many routes or repeats would separate this difference with POWER, roughly, by the normal approximation."""
    routes, repeats = per_repeat.shape
    if routes < 2 or abs(mean) <= 1e-12:
        return ""
    quantiles = float(scipy.stats.norm.ppf(0.5 + CONFIDENCE / 2) + scipy.stats.norm.ppf(POWER))
    target = (mean / quantiles) ** 2  # the variance that the mean difference may have
    factor = standard_error(draws) ** 2 / target
    if draws.over == POLICIES_AND_ROUTES:
        times = max(2, math.ceil(factor))
        return f"about {times} times as many policies and routes" if times <= MAX_NEEDED else TOO_MANY
    needed = max(routes + 1, MIN_LEVELS, math.ceil(routes * factor))
    words = f"about {needed:,} routes (now {routes})" if needed <= MAX_NEEDED else TOO_MANY
    return words + _or_repeats(target * routes, per_repeat, repeats)


def _or_repeats(target: float, per_repeat: Values, repeats: int) -> str:
    """How many repeats on the same routes would do it instead, where the routes were repeated.

    Args:
        target: the variance that the difference on a route may have.
        per_repeat: float64 (routes, repeats), differences.
        repeats: on each route.

    """
    if repeats < 2 or len(per_repeat) < MIN_LEVELS or not np.isfinite(per_repeat).all():
        return ""
    within = float(np.mean(np.var(per_repeat, axis=1, ddof=1)))
    between = max(0.0, float(np.var(per_repeat.mean(axis=1), ddof=1)) - within / repeats)
    if target <= between:
        return "; more repeats on the same routes would not do"
    needed = max(repeats + 1, math.ceil(within / (target - between)))
    return f", or about {needed:,} repeats of each (now {repeats})" if needed <= MAX_NEEDED else ""
