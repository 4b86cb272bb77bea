"""Compares two evaluations, A and B, on the routes that both drove."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from av_td3.config.difference import Difference, differences
from av_td3.report.evaluation_measures import DRIVING_SCORE, MEASURES, cube, routes_of
from av_td3.report.evaluation_statistics import names_of, trained_policies
from av_td3.report.paired_difference import PairedDifference, Verdict, corrected_for, paired_difference
from av_td3.report.route_bootstrap import MIN_LEVELS, ROUTES
from av_td3.runs.evaluation_folder import RecordedEvaluation
from av_td3.runs.series import UnreadableLog

MAX_LISTED = 8  # routes or settings in a line
SAME = 5.0  # m by which lengths and ends of the same route may differ


class Side(NamedTuple):
    """An evaluation, the name it is shown under, and the policies that take part."""

    label: str
    recorded: RecordedEvaluation
    policies: list[str]


@dataclass(frozen=True)
class EvaluationComparison:
    """A vs. B.

    Args:
        a: the first evaluation, the baseline.
        b: the second, the candidate.
        routes: those that both drove.
        only_a: routes that only A drove.
        only_b: routes that only B drove.
        repeats: that both drove.
        primary: the difference of the driving score.
        secondary: those of the other measures, corrected for multiple comparisons.
        unfair: settings that differ besides the policies.
        notes: what could not be compared.
        summary: in two or three sentences.

    """

    a: Side
    b: Side
    routes: list[str]
    only_a: list[str]
    only_b: list[str]
    repeats: int
    primary: PairedDifference
    secondary: list[PairedDifference]
    unfair: list[Difference]
    notes: list[str]
    summary: str


def compare_evaluations(a: RecordedEvaluation, b: RecordedEvaluation) -> EvaluationComparison:
    """Compare two evaluations.

    Raises:
        UnreadableLog: they have no route in common.

    """
    first, second = _sides(a, b)
    driven = [routes_of(recorded.episodes) for recorded in (a, b)]
    places = [places_of(recorded) for recorded in (a, b)]
    routes = [route for route in driven[0] if route in set(driven[1]) and are_same(*(found.get(route) for found in places))]
    if not routes:
        raise UnreadableLog(f"{a.folder} and {b.folder} have no route in common; evaluate both on the same routes")
    repeats = sorted(set.intersection(*({episode.repeat for episode in recorded.episodes} for recorded in (a, b))))
    found = [_paired(first, second, index, routes, repeats) for index in range(len(MEASURES))]
    primary = next(one for one in found if one.measure is DRIVING_SCORE)
    secondary = corrected_for([one for one in found if one.measure is not DRIVING_SCORE])
    unfair = _unfair(a, b, set(routes))
    return EvaluationComparison(
        a=first,
        b=second,
        routes=routes,
        only_a=[route for route in driven[0] if route not in set(routes)],
        only_b=[route for route in driven[1] if route not in set(routes)],
        repeats=len(repeats),
        primary=primary,
        secondary=secondary,
        unfair=unfair,
        notes=[*_scope(primary), *_notes(first, second)],
        summary=_summary(primary, secondary, unfair),
    )


class RoutePlace(NamedTuple):
    """Where a route lies: its town, length (m) and end (m), each None where that is not recorded."""

    town: str
    length: float | None
    goal: tuple[float, float] | None


def places_of(recorded: RecordedEvaluation) -> dict[str, RoutePlace]:
    """Where the driven routes of an evaluation lie, by id."""
    goals = recorded.evaluation.routes.goals
    driven = [episode for episode in recorded.episodes if episode.is_driven]
    return {one.route: RoutePlace(one.town, one.route_length, goals.get(one.route)) for one in driven}


def are_same(a: RoutePlace | None, b: RoutePlace | None) -> bool:
    """Whether two routes of the same id are the same, as far as that is recorded: in another set, it may be another one."""
    if a is None or b is None:
        return True
    if a.goal is not None and b.goal is not None and math.dist(a.goal, b.goal) > SAME:
        return False
    if a.length is not None and b.length is not None and abs(a.length - b.length) > SAME:
        return False
    return a.town == b.town


def _sides(a: RecordedEvaluation, b: RecordedEvaluation) -> tuple[Side, Side]:
    labels = (a.name, b.name) if a.name != b.name else tuple(str(one.folder) for one in (a, b))
    sides = []
    for label, recorded in zip(labels, (a, b), strict=True):
        names = names_of(recorded.evaluation, recorded.episodes)
        sides.append(Side(label, recorded, trained_policies(recorded.evaluation, names) or names))
    return sides[0], sides[1]


def _paired(a: Side, b: Side, index: int, routes: list[str], repeats: list[int]) -> PairedDifference:
    measure = MEASURES[index]
    values = [cube(side.recorded.episodes, measure, side.policies, routes, repeats) for side in (a, b)]
    return paired_difference(measure, *values)


def _unfair(a: RecordedEvaluation, b: RecordedEvaluation, routes: set[str]) -> list[Difference]:
    """The settings that differ, on the routes of both."""
    return differences(_settings(a, routes), _settings(b, routes))


def _settings(recorded: RecordedEvaluation, routes: set[str]) -> dict[str, object]:
    evaluation = recorded.evaluation
    driven = [episode for episode in recorded.episodes if episode.route in routes and episode.is_driven]
    settings: dict[str, object] = {
        "routes": evaluation.routes.name,
        "seed": evaluation.seed,
        "town": ", ".join(sorted({episode.town for episode in driven})),
        "weather": ", ".join(sorted({episode.weather for episode in driven})),
    }
    return settings | evaluation.config_changes | evaluation.settings


def _scope(primary: PairedDifference) -> list[str]:
    if primary.difference.over != ROUTES:
        return []
    return [f"fewer than {MIN_LEVELS} policies on a side: verdicts hold for these policies on other routes, not for others"]


def _notes(a: Side, b: Side) -> list[str]:
    notes = []
    for side in (a, b):
        if not side.recorded.evaluation.settings:
            notes.append(f"{side.label} does not record its settings, so traffic and time limit could not be compared")
        others = [name for name in names_of(side.recorded.evaluation, side.recorded.episodes) if name not in side.policies]
        if others:
            notes.append(f"{side.label}: left out are drivers that were not trained: {', '.join(others)}")
        notes += [f"{side.label}: {problem}" for problem in side.recorded.problems]
    return notes


def _summary(primary: PairedDifference, secondary: list[PairedDifference], unfair: list[Difference]) -> str:
    parts = [_in_words(primary)]
    for verdict in (Verdict.A, Verdict.B):
        titles = [one.measure.title for one in secondary if one.verdict is verdict]
        if titles:
            parts.append(f"Also after Holm's correction, {verdict.value} in {', '.join(titles)}.")
    if unfair:
        parts.append(f"The comparison is not fair; settings that differ: {listed([change.key for change in unfair])}.")
    return " ".join(parts)


def _in_words(primary: PairedDifference) -> str:
    difference = primary.difference
    size = f"the driving score of A is {primary.a:.3g}, that of B {primary.b:.3g}, on {primary.routes} routes"
    if difference.reason:
        interval = f"no interval: {difference.reason}"
    else:
        interval = f"A minus B {difference.mean:+.3g}, 95 % interval {difference.low:+.3g} to {difference.high:+.3g}"
    if primary.verdict is not Verdict.OPEN:
        return f"{primary.verdict.value}: {size} ({interval})."
    needed = f" To separate a difference of this size takes {primary.needed}." if primary.needed else ""
    return f"A and B cannot be separated: {size} ({interval}).{needed}"


def listed(names: list[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more
