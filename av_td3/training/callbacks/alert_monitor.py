"""Prints when alerts begin and end, and ends the run at those of ``alerts.stop_on``."""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PrivateAttr

from av_td3.config.callback import Callback
from av_td3.diagnostics.alert_watch import AlertWatch

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.trainer import Trainer


class AlertMonitor(Callback):
    """Watches the alerts of ``alerts``, and ends the run at those of ``alerts.stop_on``."""

    serves: ClassVar[tuple[str, ...]] = ("alerts.stop_on", "alerts.custom")
    _watch: AlertWatch = PrivateAttr()

    def setup(self, config: "Config", folder: "Path") -> None:
        self._watch = AlertWatch(config.alerts)

    def on_training_start(self, trainer: "Trainer") -> None:
        self._stop_if_wanted(trainer)

    def on_measurements(self, trainer: "Trainer", scalars: dict[str, float]) -> None:
        for line in self._watch.look(scalars, trainer.step):
            trainer.run.display.note(line)
        self._stop_if_wanted(trainer)

    def _stop_if_wanted(self, trainer: "Trainer") -> None:
        trainer.run.status.alerts = self._watch.status()
        if self._watch.stopping is not None:
            trainer.stop(f"ended early by alerts.stop_on: {self._watch.stopping}")

    def state_dict(self) -> dict[str, Any]:
        return self._watch.status()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._watch.load_status(state)
