"""Ends this process where the scheduler wants the node back."""

from typing import TYPE_CHECKING

from av_td3.config.callback import Callback

if TYPE_CHECKING:
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer


class StopOnPreemption(Callback):
    """Stops at the end of an episode, or within it once the grace period has expired; then the last checkpoint counts."""

    def on_step(self, trainer: "Trainer", episode: "Episode") -> None:
        if trainer.run.preemption.grace_expired and not episode.is_over and not trainer.finished:
            trainer.preempt()

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        if trainer.run.preemption.requested and episode.error is None and not trainer.finished:
            trainer.preempt()
