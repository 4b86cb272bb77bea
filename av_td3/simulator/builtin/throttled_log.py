"""Log lines about what clients do: whoever repeats a mistake a thousand times a second must not fill the disk."""

import logging
import time

INTERVAL = 10.0  # s between two lines about the same thing
MAX_SUBJECTS = 1000  # about which lines are remembered


class ThrottledLog:
    """A logger that writes at most one line per subject in ten seconds."""

    def __init__(self, log: logging.Logger):
        self._log = log
        self._next: dict[str, float] = {}

    def warning(self, subject: str, text: str, *arguments: object) -> None:
        """Write a line about ``subject``, unless there was one a moment ago."""
        now = time.monotonic()
        if now < self._next.get(subject, 0.0):
            return
        if len(self._next) >= MAX_SUBJECTS:
            self._next.clear()
        self._next[subject] = now + INTERVAL
        self._log.warning(text, *arguments)
