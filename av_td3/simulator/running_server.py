"""A CARLA server that somebody else has started."""

import queue
import socket
import threading
from pathlib import Path

from av_td3.config.experiment import Scenario, Simulator
from av_td3.runs.errors import SimulatorUnavailable
from av_td3.simulator.address import Address


class RunningServer:
    """Uses the server at ``simulator.host`` and ``simulator.port``; neither starts nor stops it."""

    def __init__(self, config: Simulator, log: Path):
        self._address = Address(config.host, config.port)
        self._timeout = config.timeout

    @staticmethod
    def check_scenario(scenario: Scenario) -> None:
        """Only the server itself knows its maps and blueprints."""

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
