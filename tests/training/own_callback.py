"""A callback as a user writes it."""

from av_td3.config.callback import Callback
from av_td3.config.limits import Steps


class CountSteps(Callback):
    """Notes every ``steps``-th step."""

    steps: Steps

    def on_step(self, trainer, episode):
        if trainer.step % self.steps == 0:
            trainer.run.display.note(f"counted {trainer.step}")
