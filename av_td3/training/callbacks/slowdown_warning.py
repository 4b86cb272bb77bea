"""Warns where updates have become much slower than they were: most often because the machine is shared."""

import time
from typing import TYPE_CHECKING

from av_td3.config.callback import Callback

if TYPE_CHECKING:
    from av_td3.training.trainer import Trainer

FACTOR, SECONDS = 5.0, 60.0  # times slower than the run's own best, for so long


class SlowdownWarning(Callback):
    """Warns once."""

    _best: float = float("inf")  # s for one update
    _since: float | None = None
    _warned: bool = False

    def on_measurements(self, trainer: "Trainer", scalars: dict[str, float]) -> None:
        line = self.observe(trainer.throughput.seconds_per_update, time.monotonic())
        if line is not None:
            trainer.run.display.note(line)

    def observe(self, seconds_per_update: float, now: float) -> str | None:
        """Add a measurement at ``now`` (s); returns the warning where it is due."""
        self._best = min(self._best, seconds_per_update)
        if seconds_per_update < FACTOR * self._best:
            self._since = None
            return None
        self._since = now if self._since is None else self._since
        if self._warned or now - self._since < SECONDS:
            return None
        self._warned = True
        return (
            f"updates take {seconds_per_update / self._best:.0f} times as long as they did: the machine is shared with other "
            "work; hardware.threads=1 reduces contention"
        )
