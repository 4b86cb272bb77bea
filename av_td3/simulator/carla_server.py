"""A CARLA server that the run starts, watches and stops."""

import json
import logging
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psutil

from av_td3.config.simulator import Address
from av_td3.machine import process
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.handshake import read_version
from av_td3.simulator.port_lease import SERVER_PORTS, is_free, lease_ports, lease_these_ports
from av_td3.simulator.server_record import TOKEN, ServerRecord, end_orphans
from av_td3.simulator.start_turn import wait_for_turn

if TYPE_CHECKING:
    from av_td3.simulator.started_carla import StartedCarla

KEEPER_MODULE = "av_td3.machine.keeper"
POLL_INTERVAL = 0.2  # s between attempts to reach a server that starts
ANSWER_TIMEOUT = 5.0  # s that one attempt waits: a server opens its port long before it answers
STARTING, QUOTED_LINES = "starting", 3  # the first word of each start in the log; lines of the output that a message has
CANNOT_RUN = 127  # exit code of the keeper where there is no such program

log = logging.getLogger(__name__)


class Launch(NamedTuple):
    """How to start a server.

    Attributes:
        command: the program and its arguments.
        remove: the command that removes the container of the server, which killing the program does not; empty without one.

    """

    command: list[str]
    remove: list[str]


class CarlaServer:
    """A server in processes of its own, which end with the run, however the run ends.

    Args:
        simulator: program, ports, GPU and limits.
        log: file to which the server's output is appended.

    Attributes:
        warnings: about the last start, a line each.

    """

    def __init__(self, simulator: "StartedCarla", log: Path):
        self._simulator = simulator
        self._log = log
        self.warnings: list[str] = []
        self._port = 0  # of the last start
        self._mutex = threading.Lock()
        self._stopped = threading.Event()  # ``stop`` has been called since the last start began
        self._child: subprocess.Popen[bytes] | None = None
        self._record: ServerRecord | None = None

    @property
    def pid(self) -> int | None:
        """Id of the process that keeps the server, or None where none was started."""
        return self._child.pid if self._child is not None else None

    def start(self) -> Address:
        """Start the server and wait until it answers a call. Its first frame can still take a while.

        Returns:
            The server's address.

        Raises:
            SimulatorLost: the server exited, or did not answer in time.
            SimulatorUnavailable: the program cannot be run, or its port is in use.

        """
        ended = end_orphans()
        if ended:
            log.warning("ended %d processes of CARLA servers whose run was killed", ended)
        self._stopped.clear()
        self._simulator.prepare(self._stopped)
        self._port = self._leased_port()
        gpu = self._simulator.gpu()
        self.warnings = gpu.warnings
        wait_for_turn(self._simulator.start_interval, self._simulator.start_timeout, self._stopped)
        self._wait_for_answer(self._launch(gpu.adapter))
        return Address("127.0.0.1", self._port)

    def _launch(self, adapter: int | None) -> "subprocess.Popen[bytes]":
        with self._mutex:
            if self._stopped.is_set():
                raise SimulatorLost("CARLA was stopped before it had started")
            self._record = ServerRecord()
            launch = self._simulator.launch(self._port, adapter, f"av_td3-{self._record.token}")
            self._record.write(launch.remove)
            with self._log.open("a", encoding="utf-8") as output:
                print(STARTING, *launch.command, file=output)
            environment = self._simulator.environment | {TOKEN: self._record.token}
            arguments = [json.dumps(launch.remove), *launch.command]
            self._child = process.start_module(KEEPER_MODULE, arguments, self._log, environment=environment)
            return self._child

    def _leased_port(self) -> int:
        """The RPC port; the server uses the next two as well."""
        wanted = self._simulator.port
        if self._port and all(is_free(port) for port in range(self._port, self._port + SERVER_PORTS)):
            return self._port  # leased since the first start
        if self._port and wanted:
            raise SimulatorLost(f"simulator.port={wanted}: the port is still in use after the server has ended")
        if not wanted:
            return lease_ports(SERVER_PORTS)
        taken = lease_these_ports(wanted, SERVER_PORTS)
        if taken is not None:
            raise SimulatorUnavailable(
                f"simulator.port={wanted}: the port {taken} is in use (a server needs {SERVER_PORTS}: RPC, streaming, "
                "secondary and one free); pick another, or 0 for free ones"
            )
        return wanted

    def _wait_for_answer(self, child: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + self._simulator.start_timeout
        while True:
            if self._stopped.is_set():
                raise SimulatorLost("CARLA was stopped while it started")
            if child.poll() is not None:
                self._report_exit(child.returncode)
            try:
                read_version("127.0.0.1", self._port, ANSWER_TIMEOUT)
            except (OSError, ValueError):
                if time.monotonic() > deadline:
                    self.stop()
                    raise SimulatorLost(
                        f"CARLA did not answer at port {self._port} within simulator.start_timeout="
                        f"{self._simulator.start_timeout:g} s; see {self._log}"
                    ) from None
                time.sleep(POLL_INTERVAL)
            else:
                return

    def _report_exit(self, code: int) -> None:
        self.stop()
        last = _last_words(self._log)
        if code == CANNOT_RUN:
            raise SimulatorUnavailable(f"CARLA cannot be started: {last} (see {self._log})")
        raise SimulatorLost(f"CARLA exited with code {code} while it started: {last} (see {self._log})")

    def alive(self) -> bool:
        """Whether the program runs; a hung one does."""
        return self._child is not None and self._child.poll() is None

    def is_due_for_restart(self, episodes: int) -> bool:
        """Whether the server has served its number of episodes, or has grown over its memory limit."""
        simulator = self._simulator
        if simulator.max_episodes is not None and episodes >= simulator.max_episodes:
            log.info("restarting CARLA after %d episodes", episodes)
            return True
        if simulator.max_memory_gb is None:
            return False
        used = self.memory() / 1e9
        if used > simulator.max_memory_gb:
            log.warning(
                "restarting CARLA: it uses %.1f GB, more than simulator.max_memory_gb=%g", used, simulator.max_memory_gb
            )
        return used > simulator.max_memory_gb

    def memory(self) -> int:
        """Bytes of resident memory of the server's processes; 0 where none runs."""
        total = 0
        try:
            for each in psutil.Process(self.pid).children(recursive=True) if self.pid else ():
                total += each.memory_info().rss
        except psutil.Error:
            pass  # one ended meanwhile
        return total

    def stop(self) -> None:
        """Kill the server's processes and remove its container, also from another thread than the one that starts it."""
        with self._mutex:
            self._stopped.set()
            child, self._child = self._child, None
            record, self._record = self._record, None
        if child is not None:
            process.stop(child)
        if record is not None:
            record.close()


def _last_words(log: Path) -> str:
    """The last lines that the server printed since its start, in one line."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    printed: list[str] = []
    for line in reversed(lines):
        if line.startswith(STARTING) or len(printed) == QUOTED_LINES:
            break
        if line.strip():
            printed.insert(0, line.strip())
    return " / ".join(printed) or "it printed nothing"
