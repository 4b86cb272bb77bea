"""The base class of simulators."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

from av_td3.config.limits import Form, Interval, Switch
from av_td3.config.scenario import Scenario
from av_td3.config.schema import Schema

Wait = Annotated[float, Interval(0.1, 3600.0, "seconds")]


class Address(NamedTuple):
    """Address of a CARLA server."""

    host: str
    port: int


class Server(Protocol):
    """A CARLA server. The run starts it, restarts it when it is lost, and stops it at the end."""

    def start(self) -> Address:
        """Start the server, or connect to a running one.

        Returns:
            The address at which the server answers.

        Raises:
            SimulatorLost: the server did not answer, but another attempt may succeed.
            SimulatorUnavailable: no attempt can succeed.

        """

    def alive(self) -> bool:
        """False if the process of the server has ended; True if it runs or its state is unknown."""

    def stop(self) -> None:
        """Stop what ``start`` has started. Has no effect if nothing runs."""


class Simulator(Schema, ABC):
    """A kind of CARLA server, and its timeouts.

    Derive from it to add a simulator. Its own keys are the fields of the class, and ``_target_`` names the class.
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
        """Create a server, without starting it.

        Args:
            log: file for the output of the server.

        """

    def check(self, scenario: Scenario) -> None:
        """Check the scenario before a server is started.

        Raises:
            ConfigError: this kind of server does not have a town or vehicle of the scenario.

        """
