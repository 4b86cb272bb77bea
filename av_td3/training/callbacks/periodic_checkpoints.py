"""Saves checkpoints periodically, at the end, and when the scheduler asks for it."""

from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from av_td3.config.callback import Callback
from av_td3.runs.errors import RunFailed
from av_td3.training.schedule import Every

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer


class PeriodicCheckpoints(Callback):
    """Saves at the first end of an episode after every ``checkpoint.every_steps`` steps, at a preemption, and at the end."""

    _every_steps: int = PrivateAttr()
    _due: Every = PrivateAttr()

    def setup(self, config: "Config", folder: "Path") -> None:
        self._every_steps = config.checkpoint.every_steps

    def on_training_start(self, trainer: "Trainer") -> None:
        self._due = Every(self._every_steps, done=trainer.step)

    def on_checkpoint(self, trainer: "Trainer", episode: "Episode | None") -> None:
        if episode is None:
            self._save_last(trainer)
        elif episode.error is None and not trainer.finished:  # after a lost one, a resumed run would begin with another episode
            self._save_if_due(trainer)

    def _save_last(self, trainer: "Trainer") -> None:
        """A preempted run has saved at the end of its last episode; what came later is not resumable."""
        if not trainer.preempted:
            self._save(trainer)

    def _save_if_due(self, trainer: "Trainer") -> None:
        preemption = trainer.run.preemption
        if self._due(trainer.step) or trainer.preempted or preemption.checkpoint_requested:
            self._save(trainer)
        preemption.checkpoint_requested = False

    def _save(self, trainer: "Trainer") -> None:
        run = trainer.run
        if not trainer.agent.is_finite():
            run.display.note(f"no checkpoint at step {trainer.step}: a weight is non-finite; earlier checkpoints are kept")
            return
        try:
            state = trainer.state_dict() | {"log": run.log.cursor(trainer.step)}
            run.checkpoints.save(trainer.step, state, trainer.collector.replay, trainer.score)
        except OSError as error:
            raise RunFailed(
                f"the checkpoint at step {trainer.step} could not be written to {run.folder}: {error.strerror or error}; "
                f"the newest good one: {run.checkpoints.newest() or 'none yet'}"
            ) from error
