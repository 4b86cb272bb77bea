"""What an evaluation says: means with intervals, of each policy and of all; the split of their variance; what is missing."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from av_td3.report.evaluation_measures import (
    MEASURES,
    SPLIT,
    SUCCESS,
    Measure,
    cube,
    mean_over,
    routes_of,
    value_of,
)
from av_td3.report.route_bootstrap import Estimate, estimate, estimate_share
from av_td3.report.variance_components import VarianceSplit, split_variance
from av_td3.runs.evaluated_episodes import EvaluatedEpisode
from av_td3.runs.evaluation_folder import EvaluatedPolicy, Evaluation

ALL_POLICIES = "all trained policies"
NO_VEHICLE = "no vehicle was ahead"
NO_DATA = "nothing was recorded to compute it from"


class PolicyStatistics(NamedTuple):
    """The estimates of a policy, or of several, by column, with their episodes and the count of each ending."""

    name: str
    routes: int
    episodes: int
    endings: dict[str, int]
    estimates: dict[str, Estimate]


class NotMeasured(NamedTuple):
    """A measure that some of the driven episodes lack."""

    measure: Measure
    lacking: int
    episodes: int
    reason: str


@dataclass(frozen=True)
class EvaluationStatistics:
    """The statistics of an evaluation.

    Args:
        policies: a row for each, in the order of the evaluation.
        overall: the trained policies together; None if there are fewer than two.
        splits: of the variance, over the trained policies, or over all if none is trained.
        missing: the measures that some driven episodes lack; one that could not be driven counts as zero in success, route
            completion and driving score, and lacks all others.

    """

    policies: list[PolicyStatistics]
    overall: PolicyStatistics | None
    splits: list[VarianceSplit]
    missing: list[NotMeasured]

    @property
    def rows(self) -> list[PolicyStatistics]:
        """The policies, then all of them together."""
        return self.policies if self.overall is None else [*self.policies, self.overall]

    def content(self) -> dict[str, Any]:
        """The statistics as JSON, for ``summary`` in ``evaluation.json``. What is not known is null."""
        return {
            "policies": [_row_content(row) for row in self.policies],
            "overall": None if self.overall is None else _row_content(self.overall),
            "variance": {split.measure.column: _split_content(split) for split in self.splits},
            "not_measured": {gap.measure.column: gap.lacking for gap in self.missing},
        }


def evaluation_statistics(evaluation: Evaluation, episodes: list[EvaluatedEpisode]) -> EvaluationStatistics:
    """Compute the statistics of an evaluation.

    Args:
        evaluation: names the policies.
        episodes: of the evaluation.

    """
    names = names_of(evaluation, episodes)
    trained = trained_policies(evaluation, names)
    return EvaluationStatistics(
        policies=[_statistics(name, [name], episodes) for name in names],
        overall=_statistics(ALL_POLICIES, trained, episodes) if len(trained) > 1 else None,
        splits=_splits(trained or names, episodes),
        missing=[gap for measure in MEASURES if (gap := _gap(measure, episodes)).lacking],
    )


def names_of(evaluation: Evaluation, episodes: Iterable[EvaluatedEpisode]) -> list[str]:
    """The names of the policies that have episodes, in the order of the evaluation."""
    driven = dict.fromkeys(episode.policy for episode in episodes)
    listed = [policy.name for policy in evaluation.policies if policy.name in driven]
    return list(dict.fromkeys([*listed, *driven]))


def trained_policies(evaluation: Evaluation, names: list[str]) -> list[str]:
    """Those that were trained; other drivers are no sample of a training."""
    trained = {policy.name for policy in evaluation.policies if is_trained(policy)}
    return [name for name in names if name in trained]


def is_trained(policy: EvaluatedPolicy) -> bool:
    """Whether a policy is of a run."""
    return policy.run is not None or policy.checkpoint is not None


def _statistics(name: str, policies: list[str], episodes: list[EvaluatedEpisode]) -> PolicyStatistics:
    driven = [episode for episode in episodes if episode.policy in policies]
    routes, repeats = routes_of(driven), sorted({episode.repeat for episode in driven})
    estimates = {}
    for measure in MEASURES:
        cells = mean_over(cube(driven, measure, policies, routes, repeats), 2)
        estimates[measure.column] = estimate_share(cells) if measure is SUCCESS else estimate(cells)
    endings = Counter(episode.ending for episode in driven)
    return PolicyStatistics(name, len(routes), len(driven), dict(endings.most_common()), estimates)


def _splits(policies: list[str], episodes: list[EvaluatedEpisode]) -> list[VarianceSplit]:
    driven = [episode for episode in episodes if episode.policy in policies]
    routes, repeats = routes_of(driven), sorted({episode.repeat for episode in driven})
    return [split_variance(measure, cube(driven, measure, policies, routes, repeats), routes) for measure in SPLIT]


def _gap(measure: Measure, episodes: list[EvaluatedEpisode]) -> NotMeasured:
    driven = [episode for episode in episodes if episode.is_driven]
    lacking = sum(value_of(episode, measure) is None for episode in driven)
    return NotMeasured(measure, lacking, len(driven), NO_VEHICLE if measure.column == "min_time_to_collision" else NO_DATA)


def _row_content(row: PolicyStatistics) -> dict[str, Any]:
    estimates = {
        column: {"mean": _json(found.mean), "low": _json(found.low), "high": _json(found.high), "over": found.over or None}
        for column, found in row.estimates.items()
    }
    return {"name": row.name, "routes": row.routes, "episodes": row.episodes, "endings": row.endings, "measures": estimates}


def _split_content(split: VarianceSplit) -> dict[str, Any]:
    components = {c.name: {"variance": c.variance, "share": c.share, "note": c.note} for c in split.components}
    return {"components": components, "note": split.note}


def _json(value: float) -> float | None:
    return None if math.isnan(value) else value
