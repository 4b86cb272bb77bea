"""The built-in server as a child process of the run."""

import errno
import os
import select
import socket
import subprocess
import time
from pathlib import Path
from typing import ClassVar, Literal

from av_td3.config.errors import ConfigError
from av_td3.config.plugins import PluginError
from av_td3.config.scenario import Scenario
from av_td3.config.simulator import Address, Server, Simulator
from av_td3.machine import process
from av_td3.simulator.builtin.town import PLANS, find_plan, load_town, town_names
from av_td3.simulator.builtin.vehicles.vehicle import VEHICLES
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

SERVER_MODULE = "av_td3.simulator.builtin"


class BuiltinSimulator(Simulator):
    """``simulator=builtin``: a server of the run's own, on a free port unless ``port`` names one.

    Further keys of a derived class are its fields; those of Simulator are in ``conf/simulator/builtin.yaml``.
    """

    default_town: ClassVar[str] = next(iter(PLANS))

    quality: Literal["low", "high"]

    def server(self, log: Path) -> Server:
        """Make a server, not yet started, that ends with the run; its output is appended to ``log``."""
        return BuiltinServer(Address(self.host, self.port), self.start_timeout, log, self.quality)

    def check(self, scenario: Scenario) -> None:
        """Raise ConfigError for a town, vehicle or spawn point that does not exist."""
        for town in scenario.towns:
            _check_town(town)
        if scenario.vehicle not in VEHICLES:
            raise ConfigError(f"scenario.vehicle={scenario.vehicle}: the built-in simulator has {', '.join(sorted(VEHICLES))}")
        if scenario.spawn_point is not None:
            for town in scenario.towns or [self.default_town]:
                points = len(load_town(town).spawn_points)
                if scenario.spawn_point >= points:
                    raise ConfigError(
                        f"scenario.spawn_point={scenario.spawn_point}: {town} has the spawn points 0 to {points - 1}"
                    )


def _check_town(name: str) -> None:
    try:
        find_plan(name)
    except KeyError:
        raise ConfigError(f"scenario.town={name}: the built-in simulator has {', '.join(sorted(town_names()))}") from None
    except PluginError as error:
        raise ConfigError(f"scenario.town={name}: {error}") from error


class BuiltinServer:
    """A server process.

    Args:
        address: on which it listens; streams use the next port. Port 0 chooses free ports.
        start_timeout: seconds until clients must be able to connect.
        log: file to which the server's output is appended.
        quality: of images, "low" or "high".

    """

    def __init__(self, address: Address, start_timeout: float, log: Path, quality: str = "low"):
        self._host, self._port = address
        self._start_timeout = start_timeout
        self._log = log
        self._quality = quality
        self.warnings: list[str] = []
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Id of the server's process, or None where none was started."""
        return self._child.pid if self._child is not None else None

    def start(self) -> Address:
        """Start the server and wait until clients can connect.

        Returns:
            The server's address.

        Raises:
            SimulatorLost: the server exited, or was not ready in time.
            SimulatorUnavailable: the port is in use, or the address is not of this machine.

        """
        _check_can_listen(self._host, self._port)
        arguments = ["--host", self._host, "--port", str(self._port), "--quality", self._quality]
        self._child = process.start_module(SERVER_MODULE, arguments, self._log, stdout=subprocess.PIPE)
        return Address(self._host, self._read_port(self._child))

    def _read_port(self, child: "subprocess.Popen[bytes]") -> int:
        """Read the port from the first line of the server's output, ``ready port=N ...``."""
        assert child.stdout is not None
        deadline, line = time.monotonic() + self._start_timeout, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([child.stdout], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(child.stdout.fileno(), 4096) if ready else b""
            if not chunk:
                self.stop()
                reason = "exited at once" if ready else f"was not ready within {self._start_timeout:g} s"
                raise SimulatorLost(f"the built-in simulator {reason}; see {self._log}")
            line += chunk
        return int(line.split()[1].removeprefix(b"port="))

    def alive(self) -> bool:
        """Whether the server's process exists; a suspended one does."""
        return self._child is not None and self._child.poll() is None

    def is_due_for_restart(self, episodes: int) -> bool:
        """Return False: the server does not grow."""
        return False

    def stop(self) -> None:
        """Stop the server's process. Calling it again has no effect."""
        child, self._child = self._child, None
        if child is not None:
            process.stop(child)


def _check_can_listen(host: str, port: int) -> None:
    for needed in (port, port + 1) if port else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, needed))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise SimulatorUnavailable(
                        f"simulator.port={port}: the port {needed} is in use; pick another, or 0 for a free one"
                    ) from error
                raise SimulatorUnavailable(
                    f"simulator.host={host}: cannot listen there ({error.strerror or error}); 127.0.0.1 is for this machine, "
                    "0.0.0.0 lets others drive, too"
                ) from error
