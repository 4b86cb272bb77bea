"""A CARLA server that somebody else has started."""

import queue
import socket
import threading
from pathlib import Path

from av_td3.config.simulator import Address, Server, Simulator
from av_td3.simulator.errors import SimulatorUnavailable


class ExternalSimulator(Simulator):
    """``simulator=carla``: the server at ``host`` and ``port``, whoever has started it."""

    def server(self, log: Path) -> Server:
        """That server; it is neither started nor stopped."""
        return ExternalServer(Address(self.host, self.port), self.timeout)


class ExternalServer:
    """A server that others start and stop."""

    def __init__(self, address: Address, timeout: float):
        self._address = address
        self._timeout = timeout

    def start(self) -> Address:
        """Check that something listens there."""
        host, port = self._address
        try:
            socket.create_connection((_looked_up(host, self._timeout), port), timeout=self._timeout).close()
        except OSError as error:
            reason = error.strerror or str(error)
            raise SimulatorUnavailable(
                f"simulator.host={host} simulator.port={port}: no CARLA server answers there ({reason}); start one with "
                f"`./CarlaUE4.sh -RenderOffScreen -carla-rpc-port={port}`, or use simulator=builtin"
            ) from error
        return self._address

    def alive(self) -> bool:
        """Not ours to know; its silence will tell."""
        return True

    def stop(self) -> None:
        """Leave it running."""


def _looked_up(host: str, timeout: float) -> str:
    """The host's address. A name server that does not answer would hold the caller for minutes; raises OSError instead."""
    found: queue.SimpleQueue[str | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(socket.gethostbyname(host))
        except (OSError, UnicodeError) as error:
            found.put(OSError(str(error)))

    threading.Thread(target=look_up, daemon=True).start()
    try:
        address = found.get(timeout=timeout)
    except queue.Empty:
        raise OSError(f"no name server answers within {timeout:g} s") from None
    if isinstance(address, OSError):
        raise address
    return address
