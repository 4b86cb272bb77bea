"""How the policy of a run drives, in a sentence for each evaluation that matters."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from av_td3 import metrics
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.runs.series import Series

MEASURES = {
    "route_completion": metrics.EVAL_ROUTE_COMPLETION,
    "success": metrics.EVAL_SUCCESS,
    "reward": metrics.EVAL_REWARD,
}


class EvaluationSummary(NamedTuple):
    """The means of one evaluation.

    Args:
        step: environment step.
        route_completion: 0 to 1.
        success: share of the episodes that reached the goal, 0 to 1.
        reward: per episode.

    """

    step: int
    route_completion: float
    success: float
    reward: float

    def __str__(self) -> str:
        measures = f"route completion {self.route_completion:.2f}, success {self.success:.2f}, reward {self.reward:.4g}"
        return f"step {self.step:,}: {measures}"


class DrivingSummary(NamedTuple):
    """The last evaluation of a run, and its best one by reward."""

    last: EvaluationSummary
    best: EvaluationSummary

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for the last evaluation, and one for the best where that is another."""
        last = f"last evaluation, {self.last}"
        return (last,) if self.best == self.last else (last, f"best evaluation, {self.best}")


def driving_summary(run: RecordedRun) -> DrivingSummary | None:
    """Summarize the evaluations of a run of ours; None where it has none, and for logs of other programs."""
    if not run.ours or any(tag not in run.scalars for tag in MEASURES.values()):
        return None
    evaluations = list(_evaluations({name: run.scalars[tag] for name, tag in MEASURES.items()}))
    if not evaluations:
        return None
    return DrivingSummary(evaluations[-1], max(reversed(evaluations), key=lambda evaluation: evaluation.reward))


def _evaluations(measures: dict[str, Series]) -> Iterator[EvaluationSummary]:
    """The evaluations of which all means were logged, and are finite."""
    by_step = {name: dict(zip(series.steps.tolist(), series.values.tolist(), strict=True)) for name, series in measures.items()}
    for step in sorted(set.intersection(*(set(values) for values in by_step.values()))):
        means = {name: values[step] for name, values in by_step.items()}
        if all(math.isfinite(mean) for mean in means.values()):
            yield EvaluationSummary(step, **means)
