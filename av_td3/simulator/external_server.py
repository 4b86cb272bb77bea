"""A CARLA server that runs already."""

import queue
import socket
import threading
from pathlib import Path

from av_td3.config.simulator import Address, Server, Simulator
from av_td3.simulator.errors import SimulatorUnavailable


class ExternalSimulator(Simulator):
    """``simulator=carla``: a running server at ``host`` and ``port``."""

    def server(self, log: Path) -> Server:
        """Make the handle of that server, which it neither starts nor stops; ``log`` is not used."""
        return ExternalServer(Address(self.host, self.port), self.timeout)


class ExternalServer:
    """A server that others start and stop.

    Args:
        address: of the server.
        timeout: seconds until it must accept a connection.

    """

    def __init__(self, address: Address, timeout: float):
        self._address = address
        self._timeout = timeout

    def start(self) -> Address:
        """Check that a server accepts connections.

        Returns:
            The server's address.

        Raises:
            SimulatorUnavailable: nothing listens at the address.

        """
        host, port = self._address
        try:
            socket.create_connection((_resolve(host, self._timeout), port), timeout=self._timeout).close()
        except OSError as error:
            reason = error.strerror or str(error)
            raise SimulatorUnavailable(
                f"simulator.host={host} simulator.port={port}: no CARLA server answers there ({reason}); start one with "
                f"`./CarlaUE4.sh -RenderOffScreen -carla-rpc-port={port}`, or use simulator=builtin"
            ) from error
        return self._address

    def alive(self) -> bool:
        """Return True: only the client's timeouts show whether an external server has died."""
        return True

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
