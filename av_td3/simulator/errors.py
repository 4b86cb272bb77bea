"""Errors of a simulator. The messages are one line, for the user."""


class SimulatorLost(RuntimeError):
    """The simulator has stopped answering; the episode is lost, and a restart may help."""


class SensorLost(SimulatorLost):
    """The simulator ticks, but a sensor has not delivered its data."""


class SimulatorUnavailable(RuntimeError):
    """There is no simulator as configured; trying again would not help."""


class NoServer(SimulatorUnavailable):
    """No CARLA server answers at the address. One that the run has started, or seen before, may come back."""
