"""Notice that updates have become much slower than they were: most often because the machine is shared."""

SLOWER, SECONDS = 5.0, 60.0  # times slower than the run's own best, for so long


class Slowdown:
    """Watches the time that updates take, and speaks once."""

    def __init__(self) -> None:
        self._best = float("inf")  # s for one update
        self._since: float | None = None
        self._said = False

    def observe(self, seconds_per_update: float, now: float) -> str | None:
        """Take part of a measurement at ``now`` (s); returns what to tell the user, if anything."""
        self._best = min(self._best, seconds_per_update)
        if seconds_per_update < SLOWER * self._best:
            self._since = None
            return None
        self._since = now if self._since is None else self._since
        if self._said or now - self._since < SECONDS:
            return None
        self._said = True
        return (
            f"updates take {seconds_per_update / self._best:.0f} times as long as they did: the machine is shared with other "
            "work; hardware.threads=1 reduces contention"
        )
