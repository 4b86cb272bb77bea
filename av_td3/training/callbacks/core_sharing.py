"""Takes this run's part of the machine's cores, and less when other runs start."""

from typing import TYPE_CHECKING

from av_td3 import metrics
from av_td3.config.callback import Callback

if TYPE_CHECKING:
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer


class CoreSharing(Callback):
    """Sets PyTorch's threads at the end of each episode. Another number rounds sums differently, so each change is logged."""

    _threads: int | None = None

    def on_training_start(self, trainer: "Trainer") -> None:
        self._set_threads(trainer)

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        if episode.error is None and not trainer.finished:
            self._set_threads(trainer)

    def _set_threads(self, trainer: "Trainer") -> None:
        import torch  # takes seconds to import; an invalid configuration should not wait for it

        threads = trainer.run.cores.threads()
        if threads == self._threads:
            return
        if self._threads is not None:
            trainer.run.display.note(
                f"from step {trainer.step} on: hardware.threads {threads} instead of {self._threads}, as runs share cores"
            )
        torch.set_num_threads(threads)
        trainer.run.log.scalars({metrics.THREADS: float(threads)}, trainer.step)
        self._threads = threads
