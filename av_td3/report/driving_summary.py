"""How the policy of a run drives, in a sentence for each evaluation that matters."""

from typing import NamedTuple

import numpy as np

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
    """The last evaluation of a run and its best one by reward, which is that of the best checkpoint."""

    last: EvaluationSummary
    best: EvaluationSummary

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for the last evaluation, and one for the best where that is another."""
        last = f"last evaluation, {self.last}"
        return (last,) if self.best == self.last else (last, f"best evaluation, {self.best}")


def driving_summary(run: RecordedRun) -> DrivingSummary | None:
    """Summarize the evaluations of a run; None where it has none that says how far the car came."""
    found = {name: run.scalars[tag] for name, tag in MEASURES.items() if tag in run.scalars and len(run.scalars[tag].steps)}
    if len(found) < len(MEASURES):
        return None
    rewards = found["reward"]
    return DrivingSummary(_at(rewards.steps[-1], found), _at(rewards.steps[int(np.nanargmax(rewards.values))], found))


def _at(step: int, measures: dict[str, Series]) -> EvaluationSummary:
    means = {name: float(series.values[series.steps == step][-1]) for name, series in measures.items()}
    return EvaluationSummary(int(step), **means)
