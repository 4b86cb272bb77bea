"""A CARLA server that somebody else has started."""

import socket
from pathlib import Path

from av_td3.config import Simulator
from av_td3.errors import SimulatorUnavailable
from av_td3.simulator.address import Address


class RunningServer:
    """Uses the server at ``simulator.host`` and ``simulator.port``; neither starts nor stops it."""

    def __init__(self, config: Simulator, log: Path):
        self._address = Address(config.host, config.port)
        self._timeout = config.timeout

    def start(self) -> Address:
        """Check that something listens there."""
        host, port = self._address
        try:
            socket.create_connection((host, port), timeout=self._timeout).close()
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
