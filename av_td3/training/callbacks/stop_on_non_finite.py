"""Ends a run that no longer learns, because all its updates are skipped."""

from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from av_td3 import metrics
from av_td3.config.callback import Callback
from av_td3.runs.errors import RunFailed

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.trainer import Trainer


class StopOnNonFinite(Callback):
    """Raises RunFailed after ``alerts.max_non_finite`` updates in a row with a non-finite gradient."""

    _max: int = PrivateAttr()

    def setup(self, config: "Config", folder: "Path") -> None:
        self._max = config.alerts.max_non_finite

    def on_measurements(self, trainer: "Trainer", scalars: dict[str, float]) -> None:
        in_a_row = scalars.get(metrics.peak(metrics.NON_FINITE_IN_A_ROW), 0.0)
        if in_a_row >= self._max:
            raise RunFailed(
                f"gave up at step {trainer.step}: {in_a_row:.0f} updates in a row had a non-finite gradient and were skipped "
                f"(alerts.max_non_finite={self._max}); the newest good checkpoint: "
                f"{trainer.run.checkpoints.newest() or 'none yet'}"
            )
