"""A CARLA server that runs already."""

import queue
import socket
import threading
from pathlib import Path
from typing import Annotated, ClassVar

from typing_extensions import Self

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Form
from av_td3.config.simulator import Address, Server, Simulator
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.handshake import read_version

ServerAddress = Annotated[str, Form(r"[\w.-]+:\d{1,5}", "host:port")]


class ExternalSimulator(Simulator):
    """``simulator=carla``: running servers, at ``host`` and ``port`` or one for each of ``servers``."""

    is_shared: ClassVar[bool] = True
    servers: list[ServerAddress]

    def server(self, log: Path) -> Server:
        """Make the handle of that server, which it neither starts nor stops; ``log`` is not used."""
        return ExternalServer(Address(self.host, self.port), self.timeout)

    def of_environment(self, env_index: int) -> Self:
        """The server of one of several environments."""
        if not self.servers:
            return super().of_environment(env_index)
        host, port = self.servers[env_index].rsplit(":", 1)
        return self.model_copy(update={"host": host, "port": int(port)})

    def check_environments(self, num_envs: int) -> None:
        """Raise ConfigError where ``servers`` has not one server for each environment."""
        if self.servers and len(self.servers) != num_envs:
            raise ConfigError(
                f"simulator.servers={','.join(self.servers)}: names {len(self.servers)}, but hardware.num_envs={num_envs}; "
                "each environment needs one of its own"
            )
        if len(set(self.servers)) != len(self.servers):
            raise ConfigError(
                f"simulator.servers={','.join(self.servers)}: names a server twice; two environments cannot share it"
            )


class ExternalServer:
    """A server that others start and stop.

    Args:
        address: of the server.
        timeout: seconds until it must have answered.

    """

    def __init__(self, address: Address, timeout: float):
        self.address = address
        self._timeout = timeout
        self._has_answered = False
        self.warnings: list[str] = []

    def start(self) -> Address:
        """Check that a CARLA server answers.

        Returns:
            The server's address.

        Raises:
            SimulatorUnavailable: none answers, and none has answered before.
            SimulatorLost: it has answered before, so it may come back.

        """
        host, port = self.address
        try:
            read_version(_resolve(host, self._timeout), port, self._timeout)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            if self._has_answered:
                raise SimulatorLost(f"the server at {host}:{port} does not answer any more ({reason})") from error
            raise SimulatorUnavailable(
                f"simulator.host={host} simulator.port={port}: no CARLA server answers there ({reason}); start one with "
                f"`./CarlaUE4.sh -RenderOffScreen -carla-rpc-port={port}`, or use simulator=builtin"
            ) from error
        self._has_answered = True
        return self.address

    def alive(self) -> bool:
        """Return True: only the client's timeouts show whether an external server has died."""
        return True

    def is_due_for_restart(self, episodes: int) -> bool:
        """Return False: a server that others have started is theirs to restart."""
        return False

    def stop(self) -> None:
        """Do nothing: the server keeps running."""


def _resolve(host: str, timeout: float) -> str:
    """Resolve a host name within ``timeout`` seconds, where the system's own timeout is minutes. Raises OSError."""
    found: queue.SimpleQueue[str | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            found.put(socket.gethostbyname(host))
        except (OSError, UnicodeError) as error:
            found.put(OSError(str(error)))

    threading.Thread(target=resolve, daemon=True).start()
    try:
        address = found.get(timeout=timeout)
    except queue.Empty:
        raise OSError(f"no name server answers within {timeout:g} s") from None
    if isinstance(address, OSError):
        raise address
    return address
