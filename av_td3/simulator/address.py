"""What every source of worlds has in common."""

from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from av_td3.config.experiment import Scenario, Simulator


class Address(NamedTuple):
    """Where a CARLA server answers."""

    host: str
    port: int


@runtime_checkable
class Server(Protocol):
    """A server's life: the run starts it, restarts it when it is lost, and stops it at the end."""

    def __init__(self, config: Simulator, log: Path): ...

    @staticmethod
    def check_scenario(scenario: Scenario) -> None:
        """Raise ConfigError for what this kind of server is known not to have, before one is started."""

    def start(self) -> Address:
        """Make sure that a server answers; returns where.

        Raises SimulatorLost where another try may help, SimulatorUnavailable where it would not.
        """

    def alive(self) -> bool:
        """False once the server's process is known to have ended; True where that cannot be known."""

    def stop(self) -> None:
        """End what ``start`` began. Harmless when nothing runs."""
