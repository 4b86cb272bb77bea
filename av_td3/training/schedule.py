"""When something is due."""


class Every:
    """True once for each multiple of ``steps`` that has been reached since it was last asked."""

    def __init__(self, steps: int, done: int = 0):
        self._steps = steps
        self._done = done // steps

    def __call__(self, step: int) -> bool:
        """Whether ``step`` has passed a multiple that was not yet answered."""
        due = step // self._steps > self._done
        self._done = step // self._steps
        return due
