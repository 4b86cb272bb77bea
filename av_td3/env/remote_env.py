"""The training process's end of an environment: it starts the processes, bounds every wait and restarts what is lost."""

import logging
import os
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from av_td3.config.experiment import DrivingTask
from av_td3.config.simulator import Server
from av_td3.env.errors import EpisodeFailed
from av_td3.machine import process
from av_td3.runs.errors import RunFailed
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

log = logging.getLogger(__name__)
WORKER_MODULE = "av_td3.env.worker"
POLL_INTERVAL = 0.2  # s between checks of the simulator's process while an answer is awaited
MAX_RESTART_DELAY = 60.0  # s
WAITS_PER_REQUEST = 4  # calls of the client that a step waits for at most, each bounded by simulator.timeout


class Step(NamedTuple):
    """The result of a step, with the same fields as Gymnasium's."""

    observation: dict[str, NDArray[Any]]
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


class RemoteEnv:
    """A CarlaEnv in a process of its own, with the simulator that it needs.

    When worker or simulator crash, hang or drop the connection, ``step`` raises SimulatorLost. The episode is lost, and the
    next ``reset`` restarts both processes.

    Args:
        task: scenario, observation, action, reward and simulator.
        server: the simulator that the environment starts and stops.
        log: file to which the worker's output is appended.
        env_index: index among the environments of a run.
        render_mode: ``rgb_array`` lets ``render`` return frames; None costs nothing.

    Attributes:
        restarts: number of times that worker and simulator were lost.
        renewals: number of times that the simulator was restarted on purpose, because its server was due for it.
        sensor_losses: number of times that it ticked without the data of a sensor; included in ``restarts``.
        map_lanes: centre lines of the lanes of the current map, each float64 (n, 2) in metres.
        reset_info: the info dict of the last ``reset``.

    """

    def __init__(self, task: DrivingTask, server: Server, log: Path, env_index: int = 0, render_mode: str | None = None):
        self._task = task
        self._server = server
        self._simulator = task.simulator
        self._log = log
        self._env_index = env_index
        self._render_mode = render_mode
        self._worker: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self.restarts = self.renewals = self.sensor_losses = 0
        self._step_times: deque[float] = deque(maxlen=10_000)
        self.map_lanes: list[NDArray[np.float64]] = []
        self.reset_info: dict[str, Any] = {}
        self._losses_in_a_row = 0
        self._episodes = 0  # since the start of the simulator
        self._notes: deque[str] = deque()
        self._known_warnings: set[str] = set()
        self._aborted = threading.Event()

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> dict[str, NDArray[Any]]:
        """Start an episode, and the processes if they are not running.

        Args:
            seed: determines spawn point, route and traffic.
            options: as for ``CarlaEnv.reset``.

        Returns:
            The first observation: ``image`` uint8 (stack * channels, size, size) and ``vector`` float32 (vector_size,).

        Raises:
            EpisodeFailed: the episode cannot be run; the same seed would fail again.
            SimulatorUnavailable: the configuration cannot work, or the simulator was lost more than ``max_restarts`` times
                without a finished episode in between.
            RunFailed: the worker failed with an error that a restart would not fix.

        """
        timeout = WAITS_PER_REQUEST * self._simulator.timeout
        if self._connection is not None and self._server.is_due_for_restart(self._episodes):
            self.close()
            self.renewals += 1
        while True:
            try:
                if self._connection is None:
                    self._start()
                    timeout = self._simulator.start_timeout  # the first episode loads the map
                self._episodes += 1
                observation, info = self._request("reset", (seed, options), timeout)
                self.map_lanes, self.reset_info = info["lanes"], info
                return dict(observation)
            except SimulatorLost as error:
                self._check_restarts(error)
                self._wait_before_restart()

    def step(self, action: NDArray[np.float32]) -> Step:
        """Apply an action for one tick.

        Args:
            action: float32 (action size,), each component in [-1, 1].

        Raises:
            SimulatorLost: worker or simulator crashed, hung or dropped the connection.
            EpisodeFailed: any other error of the episode; the same seed would fail again.
            SimulatorUnavailable: as for ``reset``.
            RunFailed: as for ``reset``.

        """
        began = time.monotonic()
        try:
            step = Step(*self._request("step", action, WAITS_PER_REQUEST * self._simulator.timeout))
        except SimulatorLost as error:
            self._check_restarts(error)
            raise
        self._step_times.append(time.monotonic() - began)
        if step.terminated or step.truncated:
            self._losses_in_a_row = 0
        return step

    def render(self) -> NDArray[np.uint8]:
        """Draw a frame of the state after the last ``reset`` or ``step``; needs ``render_mode="rgb_array"``.

        Returns:
            uint8 (height, width, 3), red, green, blue.

        Raises:
            SimulatorLost: worker or simulator crashed, hung or dropped the connection.
            SimulatorUnavailable: as for ``reset``.
            EpisodeFailed: any other error of the episode.
            RunFailed: as for ``reset``.

        """
        assert self._render_mode is not None, "made without a render mode"
        try:
            return np.asarray(self._request("render", None, WAITS_PER_REQUEST * self._simulator.timeout), np.uint8)
        except SimulatorLost as error:
            self._check_restarts(error)
            raise

    @property
    def route_length(self) -> float:
        """Length of the current episode's route, m."""
        return float(self.reset_info.get("route_length", 0.0))

    def take_notes(self) -> list[str]:
        """What the user should know about the simulator, a line each, since the last call."""
        return [self._notes.popleft() for _ in range(len(self._notes))]

    def take_step_times(self) -> list[float]:
        """Seconds that each step since the last call took, from the request to the answer; while others may be made."""
        return [self._step_times.popleft() for _ in range(len(self._step_times))]

    def _check_restarts(self, error: SimulatorLost) -> None:
        if self._aborted.is_set():
            raise SimulatorUnavailable("the environment is being closed") from error
        if self._losses_in_a_row > self._simulator.max_restarts:
            times = f"{self._losses_in_a_row} times without a finished episode in between"
            raise SimulatorUnavailable(f"gave up: the simulator was lost {times}; last error: {error}") from error

    def _wait_before_restart(self) -> None:
        """Wait longer after each loss in a row: what is short, a GPU's memory or a port, may be free again by then."""
        if self._losses_in_a_row > 1:
            delay = self._simulator.restart_delay * 2.0 ** (self._losses_in_a_row - 2)
            self._aborted.wait(min(delay, MAX_RESTART_DELAY))

    def close(self) -> None:
        """Stop worker and simulator. Calling it again has no effect."""
        if self._connection is not None and self._worker is not None:
            try:
                self._connection.send(("close", None))
                self._worker.wait(timeout=2.0 * process.TERMINATION_GRACE)
            except (OSError, subprocess.TimeoutExpired):
                log.info("killing the worker, which did not exit in time")
        self._kill()

    def abort(self) -> None:
        """Kill worker and simulator from another thread than the one that waits for them, which then gets an error."""
        self._aborted.set()
        worker = self._worker
        if worker is not None:
            worker.kill()
        self._server.stop()

    # -- processes -----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._aborted.is_set():
            raise SimulatorUnavailable("the environment is being closed")
        try:
            host, port = self._server.start()
        except SimulatorLost as error:
            self._lost(str(error))
        ours, theirs = socket.socketpair()
        arguments = ["--fd", str(theirs.fileno()), "--parent", str(os.getpid()), "--env-index", str(self._env_index)]
        if self._render_mode is not None:
            arguments += ["--render-mode", self._render_mode]
        self._worker = process.start_module(WORKER_MODULE, arguments, self._log, pass_fds=(theirs.fileno(),))
        theirs.close()
        self._connection = Connection(ours.detach())
        simulator = self._simulator.model_copy(update={"host": host, "port": port})
        self._connection.send(self._task.model_copy(update={"simulator": simulator}))
        self._episodes = 0
        for warning in [*self._server.warnings, *self._receive(self._simulator.start_timeout, "start")]:
            if warning not in self._known_warnings:
                self._known_warnings.add(warning)
                self._notes.append(f"warning: {warning}")

    def _request(self, name: str, argument: object, timeout: float) -> Any:
        assert self._connection is not None, "reset comes before step"
        try:
            self._connection.send((name, argument))
        except OSError as error:
            self._lost(f"the worker process has ended ({error})")
        return self._receive(timeout, name)

    def _receive(self, timeout: float, what: str) -> Any:
        assert self._connection is not None
        try:
            deadline = time.monotonic() + timeout
            while not self._connection.poll(POLL_INTERVAL):
                if not self._server.alive():
                    self._lost(f"the simulator's process ended during {what}")
                if time.monotonic() > deadline:
                    self._lost(f"no answer to {what} within {timeout:g} s")
            kind, result = self._connection.recv()
        except (EOFError, OSError) as error:
            self._lost(f"the worker process died during {what} ({type(error).__name__})")
        if kind in ("SimulatorLost", "SensorLost"):
            self.sensor_losses += kind == "SensorLost"
            self._lost(result)
        if kind == "EpisodeFailed":
            self.close()  # after an unexpected error, the next episode gets a new worker
            raise EpisodeFailed(*result)
        if kind != "done":
            self._kill()
            raise SimulatorUnavailable(result) if kind == "SimulatorUnavailable" else RunFailed(result)
        return result

    def _lost(self, reason: str) -> NoReturn:
        self._kill()
        self.restarts += 1
        self._losses_in_a_row += 1
        log.warning("simulator lost: %s", reason)
        raise SimulatorLost(reason)

    def _kill(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._worker is not None:
            process.stop(self._worker, grace=0.0)
            self._worker = None
        self._server.stop()
