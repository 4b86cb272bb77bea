"""What can go wrong between a run, its environment and its simulator. The messages are one line, for the user."""


class SimulatorLost(RuntimeError):
    """The simulator does not answer any more; the episode is lost, a restart may help."""


class SimulatorUnavailable(RuntimeError):
    """No simulator could be had as the run was told to get one; trying again would not help."""


class RunFailed(RuntimeError):
    """A run that was under way cannot go on."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or a signal that ends a process; the message says what is kept, and how to resume."""
