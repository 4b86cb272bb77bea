"""A log with a rate limit, so that a client that repeats an error in a loop cannot fill the disk."""

import logging
import time

INTERVAL = 10.0  # s between two lines about the same subject
MAX_SUBJECTS = 1000  # remembered at a time


class ThrottledLog:
    """A logger that writes at most one line per subject in ``INTERVAL`` seconds."""

    def __init__(self, log: logging.Logger):
        self._log = log
        self._next: dict[str, float] = {}

    def warning(self, subject: str, text: str, *arguments: object) -> None:
        """Log a warning about ``subject``, unless there was one within the interval."""
        now = time.monotonic()
        if now < self._next.get(subject, 0.0):
            return
        if len(self._next) >= MAX_SUBJECTS:
            self._next.clear()
        self._next[subject] = now + INTERVAL
        self._log.warning(text, *arguments)
