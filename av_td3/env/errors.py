"""What can go wrong between an environment and its simulator."""

from av_td3.simulator.address import SimulatorUnavailable

__all__ = ["SimulatorLost", "SimulatorUnavailable"]


class SimulatorLost(RuntimeError):
    """The simulator does not answer any more; the episode is lost, a restart may help."""
