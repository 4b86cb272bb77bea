"""What can go wrong between a run, its environment and its simulator. The messages are one line, for the user."""


class SimulatorLost(RuntimeError):
    """The simulator does not answer any more; the episode is lost, a restart may help."""


class EpisodeFailed(RuntimeError):
    """An episode met an error although the simulator answers; the same seed would meet it again.

    ``cause`` is what was raised and where. Failures with the same cause are alike.
    """

    def __init__(self, message: str, cause: str):
        super().__init__(message, cause)
        self.cause = cause

    def __str__(self) -> str:
        return str(self.args[0])


class SimulatorUnavailable(RuntimeError):
    """No simulator could be had as the run was told to get one; trying again would not help."""


class RunFailed(RuntimeError):
    """A run that was under way cannot go on."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or a signal that ends a process; the message says what is kept, and how to resume."""
