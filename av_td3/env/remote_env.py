"""The learner's end of an environment: starts its processes, bounds every wait, restarts what is lost."""

import logging
import os
import socket
import subprocess
import time
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
POLL_INTERVAL = 0.2  # s between looks at the simulator's process while an answer is awaited
WAITS_PER_REQUEST = 4  # a step waits for at most a few calls of the client, each bounded by simulator.timeout


class Step(NamedTuple):
    """What came of an action."""

    observation: dict[str, NDArray[Any]]
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


class RemoteEnv:
    """An environment in a process of its own, with the simulator that it needs.

    ``reset`` and ``step`` raise SimulatorLost when worker or simulator crash, hang or drop the connection. The transition
    in progress is lost with the episode; the next ``reset`` restarts both. So it does after EpisodeFailed, an error that
    the same seed would meet again. SimulatorUnavailable ends the run: the configuration cannot work, or the simulator was
    lost more than ``max_restarts`` times without a whole episode between.
    """

    def __init__(self, task: DrivingTask, server: Server, log: Path, env_index: int = 0):
        self._task = task
        self._server = server
        self._simulator = task.simulator
        self._log = log
        self._env_index = env_index  # which of several environments of a run this is
        self._worker: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self.restarts = 0
        self.map_lanes: list[NDArray[np.float64]] = []  # of the map of the last episode, each (n, 2) in metres
        self._losses_in_a_row = 0
        self._aborted = False

    def reset(self, seed: int) -> dict[str, NDArray[Any]]:
        """Start the episode that follows from ``seed``, and the processes where they do not run."""
        timeout = WAITS_PER_REQUEST * self._simulator.timeout
        while True:
            try:
                if self._connection is None:
                    self._start()
                    timeout = self._simulator.start_timeout  # the first episode loads the map
                observation, info = self._ask("reset", seed, timeout)
                self.map_lanes = info["lanes"]
                return dict(observation)
            except SimulatorLost as error:
                self._give_up_after_too_many(error)

    def step(self, action: NDArray[np.float32]) -> Step:
        """Hold an action for one tick."""
        try:
            step = Step(*self._ask("step", action, WAITS_PER_REQUEST * self._simulator.timeout))
        except SimulatorLost as error:
            self._give_up_after_too_many(error)
            raise
        if step.terminated or step.truncated:
            self._losses_in_a_row = 0
        return step

    def _give_up_after_too_many(self, error: SimulatorLost) -> None:
        if self._aborted:
            raise SimulatorUnavailable("the run ends") from error
        if self._losses_in_a_row > self._simulator.max_restarts:
            times = f"{self._losses_in_a_row} times without an episode that came to its end"
            raise SimulatorUnavailable(f"gave up: the simulator was lost {times}; the last time: {error}") from error

    def close(self) -> None:
        """End worker and simulator; harmless when nothing runs."""
        if self._connection is not None and self._worker is not None:
            try:
                self._connection.send(("close", None))
                self._worker.wait(timeout=2.0 * process.TERMINATION_GRACE)
            except (OSError, subprocess.TimeoutExpired):
                log.info("the worker had to be killed")
        self._kill()

    def abort(self) -> None:
        """Kill the worker and the simulator under the feet of another thread that waits for them."""
        self._aborted = True
        worker = self._worker
        if worker is not None:
            worker.kill()
        self._server.stop()

    # -- processes -----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        try:
            host, port = self._server.start()
        except SimulatorLost as error:
            self._lost(str(error))
        ours, theirs = socket.socketpair()
        arguments = ["--fd", str(theirs.fileno()), "--parent", str(os.getpid()), "--env-index", str(self._env_index)]
        self._worker = process.start_module(WORKER_MODULE, arguments, self._log, pass_fds=(theirs.fileno(),))
        theirs.close()
        self._connection = Connection(ours.detach())
        simulator = self._simulator.model_copy(update={"host": host, "port": port})
        self._connection.send(self._task.model_copy(update={"simulator": simulator}))
        self._receive(self._simulator.start_timeout, "its start")

    def _ask(self, name: str, argument: object, timeout: float) -> Any:
        assert self._connection is not None, "reset comes before step"
        try:
            self._connection.send((name, argument))
        except OSError as error:
            self._lost(f"the worker process is gone ({error})")
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
        if kind == "SimulatorLost":
            self._lost(result)
        if kind == "EpisodeFailed":
            self.close()  # the worker has seen an error that nobody foresaw: the next episode gets a fresh one
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
