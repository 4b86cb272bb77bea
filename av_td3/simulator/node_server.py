"""A simulator on another node of the run's SLURM job.

The run starts a step of its job there with ``srun``. The step's program, ``node_program.py``, starts the simulator as the run
would do on its own node. Both talk in lines of text over the step's input and output, which end with the run.
"""

import base64
import json
import os
import pickle
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from av_td3.cluster.job_nodes import Node
from av_td3.config.simulator import Address, Simulator
from av_td3.machine import process
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

NODE_MODULE = "av_td3.simulator.node_program"
ANSWER = b"av_td3 "  # with which each line of the program begins; a site's prolog may print others
SILENCE = 120.0  # s without a line after which the step is lost; the program says every few seconds that it still starts
STOP_GRACE = 15.0  # s in which the step stops its simulator
ANSWER_TIMEOUT = 10.0  # s


def step_command(node: str, program: list[str], variables: Mapping[str, str]) -> list[str]:
    """The command that runs a program on another node of this job.

    Args:
        node: its name.
        program: the program and its arguments.
        variables: environment variables of this process, of which the number of cores is taken.

    """
    cores = variables.get("SLURM_CPUS_PER_TASK", "1")
    return [
        *("srun", "--overlap", "--nodes=1", "--ntasks=1", f"--nodelist={node}", f"--cpus-per-task={cores}"),
        "--cpu-bind=none",  # the environment has the mask of this node's cores
        *("--export=ALL", "--unbuffered", f"--chdir={Path.cwd()}"),
        # SLURM's signals reach every step; this one ends with the run.
        *("bash", "-c", 'trap "" USR1 USR2 TERM; exec "$@"', "bash", *program),
    ]


class NodeServer:
    """A simulator on another node.

    Args:
        simulator: what to start there.
        node: where.
        log: file for the output of the simulator and of ``srun``, in a folder that both nodes see.

    Attributes:
        warnings: about the last start, a line each.

    """

    def __init__(self, simulator: Simulator, node: Node, log: Path):
        self._simulator = simulator.model_copy(update={"host": node.address})
        self._node = node
        self._log = log
        self.warnings: list[str] = []
        self._step: _Step | None = None

    def start(self) -> Address:
        """Start the simulator on the node and wait until it answers.

        Returns:
            Its address, which this node can reach.

        Raises:
            SimulatorLost: the step or the simulator exited, or did not answer in time.
            SimulatorUnavailable: the simulator cannot be started on that node.

        """
        command = step_command(self._node.name, process.module_command(NODE_MODULE), os.environ)
        try:
            step = self._step = _Step(command, self._log)
        except OSError as error:
            raise SimulatorUnavailable(f"node {self._node.name}: srun cannot be run: {error.strerror}") from error
        order = base64.b64encode(pickle.dumps((self._simulator, self._log))).decode()
        answer = step.ask(order, SILENCE)
        while answer == "starting":
            answer = step.next_answer(SILENCE)
        if not isinstance(answer, dict):
            self.stop()
            raise SimulatorLost(f"node {self._node.name}: the simulator was not started; see {self._log}")
        if "error" in answer:
            self.stop()
            kind = SimulatorUnavailable if answer["final"] else SimulatorLost
            raise kind(f"node {self._node.name}: {answer['error']}")
        self.warnings = [f"node {self._node.name}: {warning}" for warning in answer["warnings"]]
        return Address(self._node.address, answer["port"])

    def alive(self) -> bool:
        """Whether the step runs; it ends with the simulator's program."""
        return self._step is not None and self._step.runs()

    def is_due_for_restart(self, episodes: int) -> bool:
        """What the simulator's server answers on its node; a server that does not answer is due."""
        return self._step is not None and self._step.ask(str(episodes), ANSWER_TIMEOUT) is not False

    def stop(self) -> None:
        """End the step and with it the simulator. Calling it again has no effect."""
        step, self._step = self._step, None
        if step is not None:
            step.stop()


class _Step:
    """The running step, and the lines that are exchanged with it."""

    def __init__(self, command: list[str], log: Path):
        self._child = process.start_program(command, log, stdout=subprocess.PIPE, environment=process.same_modules())
        self._received = b""

    def runs(self) -> bool:
        return self._child.poll() is None

    def stop(self) -> None:
        process.stop(self._child, grace=STOP_GRACE)

    def ask(self, line: str, timeout: float) -> Any:
        """The answer to a line; None if the step has ended, or says nothing in time."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(line.encode() + b"\n")
            self._child.stdin.flush()
        except (OSError, ValueError):  # it has ended, or another thread has stopped it
            return None
        return self.next_answer(timeout)

    def next_answer(self, timeout: float) -> Any:
        """The next answer, from JSON; None if the step has ended, or says nothing in time."""
        deadline = time.monotonic() + timeout
        while True:
            line, newline, rest = self._received.partition(b"\n")
            if newline:
                self._received = rest
                if line.startswith(ANSWER):
                    return json.loads(line.removeprefix(ANSWER))
            elif not self._receive(deadline - time.monotonic()):
                return None

    def _receive(self, timeout: float) -> bool:
        assert self._child.stdout is not None
        try:
            ready, _, _ = select.select([self._child.stdout], [], [], max(0.0, timeout))
            received = os.read(self._child.stdout.fileno(), 65_536) if ready else b""
        except (OSError, ValueError):  # another thread has stopped it
            return False
        self._received += received
        return bool(received)
