"""What can go wrong between a run and its simulator."""


class SimulatorLost(RuntimeError):
    """The simulator does not answer any more; the episode is lost, a restart may help."""


class SimulatorUnavailable(RuntimeError):
    """No simulator could be had; the run cannot go on. The message is one line for the user."""
