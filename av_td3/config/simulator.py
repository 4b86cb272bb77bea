"""The base class of simulators."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple, Protocol

from typing_extensions import Self

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Form, Interval, Switch
from av_td3.config.scenario import Scenario
from av_td3.config.schema import Schema

Wait = Annotated[float, Interval(0.1, 3600.0, "seconds")]
Delay = Annotated[float, Interval(0.0, 3600.0, "seconds")]
MapLayer = Literal[  # of carla.MapLayer
    "Buildings", "Decals", "Foliage", "Ground", "ParkedVehicles", "Particles", "Props", "StreetLights", "Walls",
]  # fmt: skip
LAST_PORT = 65_532  # for an RPC port, after which the server's others follow
PORT_STRIDE = 4  # between the servers of several environments: RPC, streaming, secondary servers, and one that stays free


class Address(NamedTuple):
    """Address of a CARLA server."""

    host: str
    port: int


class Server(Protocol):
    """A CARLA server. The run starts it, restarts it when it is lost, and stops it at the end.

    Attributes:
        warnings: what the user should know about its last start, a line each.

    """

    warnings: list[str]

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

    def is_due_for_restart(self, episodes: int) -> bool:
        """Whether the server, which has served this many episodes, should be restarted before the next one."""

    def stop(self) -> None:
        """Stop what ``start`` has started. Has no effect if nothing runs."""


class Simulator(Schema, ABC):
    """A kind of CARLA server, and its timeouts.

    Derive from it to add a simulator. Its own keys are the fields of the class, and ``_target_`` names the class.
    """

    is_shared: ClassVar[bool] = False  # whether its servers are used by others, too
    program_keys: ClassVar[tuple[str, ...]] = ()  # keys that say which program it starts, and how
    default_town: ClassVar[str | None] = None  # map that a new server has, where that is known

    host: Annotated[str, Form(r"[\w.:-]+", "a host name or address")]
    port: Annotated[int, Interval(0, LAST_PORT)]
    fixed_delta_seconds: Annotated[float, Interval(0.001, 0.1, "seconds; CARLA's physics needs at most 0.1")]
    timeout: Wait
    start_timeout: Annotated[float, Interval(1.0, 3600.0, "seconds")]
    tick_rescue_after: Wait
    restart_delay: Delay
    max_restarts: Annotated[int, Interval(0, 1e6)]
    reload_each_episode: Switch
    map_layers: Literal["All"] | list[MapLayer]
    collision_wait: Annotated[float, Interval(0.0, 10.0, "seconds")]
    hybrid_physics_radius: Annotated[float, Interval(0.0, 1e5, "metres", open_low=True)] | None
    spectator: Switch

    @abstractmethod
    def server(self, log: Path) -> Server:
        """Create a server, without starting it.

        Args:
            log: file for the output of the server.

        """

    def of_environment(self, env_index: int) -> Self:
        """The simulator of one of several environments: a given ``port`` is that of the first one.

        Args:
            env_index: index among the environments of a run.

        """
        return self.model_copy(update={"port": self.port and self.port + PORT_STRIDE * env_index})

    def check_environments(self, num_envs: int) -> None:
        """Check the number of environments before a server is started.

        Raises:
            ConfigError: there are not as many servers or ports.

        """
        if self.port and self.port + PORT_STRIDE * (num_envs - 1) > LAST_PORT:
            raise ConfigError(
                f"simulator.port={self.port}: {num_envs} environments need {PORT_STRIDE} ports each, up to 65535; start lower, "
                "or use 0 for free ones"
            )

    def check(self, scenario: Scenario) -> None:
        """Check the scenario before a server is started.

        Raises:
            ConfigError: this kind of server does not have a town or vehicle of the scenario.

        """
