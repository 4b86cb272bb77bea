"""Evaluates the policy periodically, and at the end."""

from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from av_td3 import metrics
from av_td3.config.callback import Callback
from av_td3.config.experiment import Evaluation
from av_td3.runs.trajectories import EVALUATION
from av_td3.simulator.errors import SimulatorUnavailable
from av_td3.training.evaluation import evaluate, means
from av_td3.training.schedule import Every

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer


class PeriodicEvaluation(Callback):
    """Runs ``evaluation.episodes`` episodes at the first end of an episode after every ``evaluation.every_steps`` steps.

    They run in one environment; the others wait. A run that is being preempted leaves the evaluation to the process that
    resumes it.
    """

    _settings: Evaluation = PrivateAttr()
    _seed: int = PrivateAttr()  # of the run
    _due: Every = PrivateAttr()
    _pending: bool = False

    def setup(self, config: "Config", folder: "Path") -> None:
        self._settings, self._seed = config.evaluation, config.seed

    def on_training_start(self, trainer: "Trainer") -> None:
        self._due = Every(self._settings.every_steps, done=trainer.step)
        if self._pending:
            self._evaluate(trainer)
            self._pending = False

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        if episode.error is not None or trainer.finished or not self._due(trainer.step):
            return
        if trainer.preempted:
            self._pending = True
        else:
            self._evaluate(trainer)

    def on_training_end(self, trainer: "Trainer") -> None:
        if trainer.finished:
            self._evaluate(trainer)

    def _evaluate(self, trainer: "Trainer") -> None:
        display, log = trainer.run.display, trainer.run.log
        display.note(f"evaluating at step {trainer.step}")
        try:
            records, failures = evaluate(trainer.agent, trainer.collector.idle_env, self._seed, self._settings.episodes)
        except SimulatorUnavailable as lost:
            if not trainer.collector.retire_idle_env():
                raise
            display.note(f"no evaluation at step {trainer.step}: {lost}; the run continues without this environment")
            return
        for index, error in failures.items():
            display.note(f"evaluation episode {index} left out: {error}")
        scalars = means(records) | {metrics.EVAL_FAILED_EPISODES: float(len(failures))}
        trainer.score = scalars.get(metrics.EVAL_REWARD, trainer.score)
        log.scalars(scalars, trainer.step)
        for index, record in records.items():
            log.trajectory(EVALUATION, trainer.step, index, record.trajectory)
        display.note("  ".join(f"{name} {value:.4g}" for name, value in scalars.items()))

    def state_dict(self) -> dict[str, Any]:
        return {"pending": self._pending}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._pending = state["pending"]
