"""What every source of worlds has in common."""

from typing import NamedTuple, Protocol


class Address(NamedTuple):
    """Where a CARLA server answers."""

    host: str
    port: int


class Server(Protocol):
    """A server's life: the run starts it, restarts it when it is lost, and stops it at the end."""

    def start(self) -> Address:
        """Make sure that a server answers; returns where. Raises SimulatorUnavailable."""

    def stop(self) -> None:
        """End what ``start`` began. Harmless when nothing runs."""
