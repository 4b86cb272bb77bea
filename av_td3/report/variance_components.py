"""Splits the variance of a measure into policy, route and simulator.

The balanced two-way random-effects analysis with the method of moments (Searle, Casella and McCulloch 1992, Variance
Components, chapter 4). A value of policy p on route r in repeat k is y = mean + policy_p + route_r + (policy by route)_pr +
simulator_prk. With P policies, R routes and K repeats, and the mean squares MS of the analysis of variance::

    simulator       = MS_within
    policy by route = (MS_interaction - MS_within) / K
    policy          = (MS_policy - MS_interaction) / (R K)
    route           = (MS_route - MS_interaction) / (P K)

A factor with one level is not measured, and its variance is then part of another: with one policy, the route's is
(MS_route - MS_within) / K; with one repeat, policy by route contains the simulator.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.report.evaluation_measures import Measure, Values

POLICY, ROUTE, INTERACTION, SIMULATOR = "policy", "route", "policy by route", "simulator"


class Component(NamedTuple):
    """A variance component.

    Args:
        name: of the factor.
        variance: in squared units of the measure; None if it was not measured.
        share: of the sum of all components; None if it was not measured or all are 0.
        note: on what it contains, why it was not measured, or that its estimate is negative and shown as 0; may be empty.

    """

    name: str
    variance: float | None
    share: float | None
    note: str


class VarianceSplit(NamedTuple):
    """The components of a measure, and a line on what was left out; without components, why there are none."""

    measure: Measure
    components: list[Component]
    note: str


def split_variance(measure: Measure, values: Values, routes: list[str] | None = None) -> VarianceSplit:
    """Split the variance of a measure.

    Routes on which a value is missing are left out, so that the rest is balanced.

    Args:
        measure: whose variance it is.
        values: float64 (policies, routes, repeats); NaN where it was not measured.
        routes: names of the routes, for the note; None for their numbers.

    """
    complete: NDArray[np.bool_] = np.all(np.isfinite(values), axis=(0, 2))
    names = routes if routes is not None else [str(index) for index in range(values.shape[1])]
    left_out = [name for name, kept in zip(names, complete, strict=False) if not kept]
    if not values.size or not complete.any():
        return VarianceSplit(measure, [], "not measured: there is no route on which every policy has every repeat")
    estimates, notes = _components(values[:, complete])
    total = sum(max(value, 0.0) for value in estimates.values())
    components = []
    for name in (POLICY, ROUTE, INTERACTION, SIMULATOR):
        if name not in estimates:
            components.append(Component(name, None, None, notes[name]))
            continue
        value = max(estimates[name], 0.0)
        note = "; ".join(filter(None, [notes.get(name, ""), "negative estimate, shown as 0" if estimates[name] < 0.0 else ""]))
        components.append(Component(name, value, value / total if total else None, note))
    note = f"without {len(left_out)} route(s) with a missing value: {', '.join(left_out[:5])}" if left_out else ""
    return VarianceSplit(measure, components, note + (", ..." if len(left_out) > 5 else ""))


def _components(y: Values) -> tuple[dict[str, float], dict[str, str]]:
    """Unbounded estimates of the components, and notes, of balanced values (policies, routes, repeats)."""
    policies, routes, repeats = y.shape
    cells = y.mean(axis=2)
    by_policy, by_route, mean = cells.mean(axis=1), cells.mean(axis=0), cells.mean()
    rest = cells - by_policy[:, None] - by_route[None, :] + mean
    squares = {
        POLICY: _mean_square(routes * repeats * np.sum((by_policy - mean) ** 2), policies - 1),
        ROUTE: _mean_square(policies * repeats * np.sum((by_route - mean) ** 2), routes - 1),
        INTERACTION: _mean_square(repeats * np.sum(rest**2), (policies - 1) * (routes - 1)),
        SIMULATOR: _mean_square(np.sum((y - cells[:, :, None]) ** 2), policies * routes * (repeats - 1)),
    }
    within, interaction = squares[SIMULATOR] or 0.0, squares[INTERACTION]
    error = within if interaction is None else interaction
    subtracted = {POLICY: error, ROUTE: error, INTERACTION: within, SIMULATOR: 0.0}
    count = {POLICY: routes * repeats, ROUTE: policies * repeats, INTERACTION: repeats, SIMULATOR: 1}
    found = {name: (square - subtracted[name]) / count[name] for name, square in squares.items() if square is not None}
    return found, _notes(policies, routes, repeats)


def _mean_square(total: float, degrees: int) -> float | None:
    return float(total) / degrees if degrees else None


def _notes(policies: int, routes: int, repeats: int) -> dict[str, str]:
    notes = {}
    if policies == 1:
        notes[POLICY] = "not measured: one policy"
        notes[ROUTE] = f"contains {INTERACTION}" + (f" and {SIMULATOR}" if repeats == 1 else "")
    if routes == 1:
        notes[ROUTE] = "not measured: one route"
        if policies > 1:
            notes[POLICY] = f"contains {INTERACTION}" + (f" and {SIMULATOR}" if repeats == 1 else "")
    if policies == 1 or routes == 1:
        notes[INTERACTION] = "not measured: it needs two policies and two routes"
    elif repeats == 1:
        notes[INTERACTION] = f"contains {SIMULATOR}"
    if repeats == 1:
        notes[SIMULATOR] = "not measured: one repeat"
    return notes
