"""What can go wrong with a simulator. The messages are one line, for the user."""


class SimulatorLost(RuntimeError):
    """The simulator does not answer any more; the episode is lost, a restart may help."""


class SimulatorUnavailable(RuntimeError):
    """No simulator could be had as the run was told to get one; trying again would not help."""
