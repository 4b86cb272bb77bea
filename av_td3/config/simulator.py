"""What every source of worlds is configured with."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

from av_td3.config.limits import Form, Interval, Switch
from av_td3.config.scenario import Scenario
from av_td3.config.schema import Schema

Wait = Annotated[float, Interval(0.1, 3600.0, "seconds")]


class Address(NamedTuple):
    """Where a CARLA server answers."""

    host: str
    port: int


class Server(Protocol):
    """A server's life: the run starts it, restarts it when it is lost, and stops it at the end."""

    def start(self) -> Address:
        """Make sure that a server answers; returns where.

        Raises SimulatorLost where another try may help, SimulatorUnavailable where it would not.
        """

    def alive(self) -> bool:
        """False once the server's process is known to have ended; True where that cannot be known."""

    def stop(self) -> None:
        """End what ``start`` began. Harmless when nothing runs."""


class Simulator(Schema, ABC):
    """A kind of CARLA server, and how patient the environment is with it.

    Derive from it to add another, with its own keys as fields, and name the class under ``_target_``.
    """

    host: Annotated[str, Form(r"[\w.:-]+", "a host name or address")]
    port: Annotated[int, Interval(0, 65534)]
    fixed_delta_seconds: Annotated[float, Interval(0.001, 0.1, "seconds; CARLA's physics needs at most 0.1")]
    timeout: Wait
    start_timeout: Annotated[float, Interval(1.0, 3600.0, "seconds")]
    tick_rescue_after: Wait
    max_restarts: Annotated[int, Interval(0, 1e6)]
    reload_each_episode: Switch

    @abstractmethod
    def server(self, log: Path) -> Server:
        """A server of this kind, not yet started; what it prints goes to ``log``."""

    def check(self, scenario: Scenario) -> None:
        """Raise ConfigError for what this kind of server is known not to have, before one is started."""
