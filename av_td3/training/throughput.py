"""How fast a run collects and learns."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from av_td3 import metrics


class Throughput:
    """Measures speeds over the interval since the last point.

    Args:
        step: environment steps so far.
        updates: updates so far.

    """

    def __init__(self, step: int, updates: int):
        self._since = (time.monotonic(), step, updates)
        self._learning = 0.0  # s spent on updates
        self.seconds_per_update = 0.0  # over the last interval, time of the environments not counted

    @contextmanager
    def learning(self) -> Iterator[None]:
        """What is inside counts as time of the updates."""
        start = time.monotonic()
        yield
        self._learning += time.monotonic() - start

    def end_interval(self, step: int, updates: int) -> dict[str, float]:
        """Environment steps and updates per second of the interval, by tag."""
        start, first_step, first_update = self._since
        self._since = (time.monotonic(), step, updates)
        seconds = max(1e-9, self._since[0] - start)
        self.seconds_per_update = self._learning / max(1, updates - first_update)
        self._learning = 0.0
        return {
            metrics.ENV_STEPS_PER_S: (step - first_step) / seconds,
            metrics.UPDATES_PER_S: (updates - first_update) / seconds,
        }
