"""Evaluations of a model of Stable-Baselines3 during its training, and their CSV file."""

import csv
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from io import StringIO
from pathlib import Path

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from av_td3.evaluation.evaluator import Evaluator, PlannedEpisode
from av_td3.evaluation.policy_driver import PolicyDriver
from av_td3.runs.files import write_atomically

CURVE_FILE = "learning_curve.csv"


@dataclass(frozen=True)
class CurvePoint:
    """Means over the episodes of one evaluation. The fields are the columns.

    Args:
        learner: its name.
        step: environment steps of training before it.
        seconds: of training before it, without the evaluations.
        driving_score: 0 to 1.
        route_completion: 0 to 1.
        success: 0 to 1.
        reward: per episode.

    """

    learner: str
    step: int
    seconds: float
    driving_score: float
    route_completion: float
    success: float
    reward: float


MEASURES = ("driving_score", "route_completion", "success", "reward")


class LearningCurve(BaseCallback):
    """Evaluates the model during its training, and appends to the points.

    Args:
        learner: name of the model in the points.
        evaluator: drives, in another environment than that of the training.
        episodes: the same in each evaluation.
        every: environment steps between evaluations.
        points: of all learners; gets those of this one.
        folder: to which the points are written after each evaluation.

    """

    def __init__(
        self,
        learner: str,
        evaluator: Evaluator,
        episodes: Sequence[PlannedEpisode],
        every: int,
        points: list[CurvePoint],
        folder: Path,
    ):
        super().__init__()
        self._learner = learner
        self._evaluator = evaluator
        self._episodes = episodes
        self._every = every
        self._points = points
        self._folder = folder
        self._began = self._evaluating = 0.0

    @property
    def seconds(self) -> float:
        """Of training so far, without the evaluations."""
        return time.monotonic() - self._began - self._evaluating

    def _on_training_start(self) -> None:
        self._began = time.monotonic()

    def _on_step(self) -> bool:
        if self.num_timesteps % self._every == 0:
            self._evaluate()
        return True

    def _evaluate(self) -> None:
        seconds, began = self.seconds, time.monotonic()
        rows = [one.row for one in self._evaluator.drive(self._learner, PolicyDriver(self.model), self._episodes)]
        means = {name: float(np.mean([getattr(row, name) or 0.0 for row in rows])) for name in MEASURES}
        self._points.append(CurvePoint(self._learner, self.num_timesteps, seconds, **means))
        write_curve(self._folder, self._points)
        self._evaluating += time.monotonic() - began


def write_curve(folder: Path, points: Sequence[CurvePoint]) -> None:
    """Write ``learning_curve.csv`` atomically."""
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow([field.name for field in fields(CurvePoint)])
    rows.writerows(map(astuple, points))
    write_atomically(folder / CURVE_FILE, lambda file: file.write(text.getvalue().encode()))
