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
STEP_START = 60.0  # s that SLURM may take to start the step, in addition to simulator.start_timeout
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
        self._step: subprocess.Popen[bytes] | None = None

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
            step = process.start_program(command, self._log, stdout=subprocess.PIPE, environment=process.same_modules())
        except OSError as error:
            raise SimulatorUnavailable(f"node {self._node.name}: srun cannot be run: {error.strerror}") from error
        self._step = step
        order = base64.b64encode(pickle.dumps((self._simulator, self._log)))
        answer = self._ask(step, order, self._simulator.start_timeout + STEP_START)
        if answer is None:
            self.stop()
            raise SimulatorLost(f"node {self._node.name}: the simulator was not started; see {self._log}")
        if "error" in answer:
            self.stop()
            kind = SimulatorUnavailable if answer["final"] else SimulatorLost
            raise kind(f"node {self._node.name}: {answer['error']}")
        self.warnings = [f"node {self._node.name}: {warning}" for warning in answer["warnings"]]
        return Address(self._node.address, answer["port"])

    def _ask(self, step: "subprocess.Popen[bytes]", line: bytes, timeout: float) -> Any:
        """The answer to a line, from JSON; None if the step has ended, or does not answer in time."""
        assert step.stdin is not None
        assert step.stdout is not None
        try:
            step.stdin.write(line + b"\n")
            step.stdin.flush()
        except (OSError, ValueError):  # stopped by another thread
            return None
        deadline, answer = time.monotonic() + timeout, b""
        while not answer.endswith(b"\n"):
            ready, _, _ = select.select([step.stdout], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(step.stdout.fileno(), 65_536) if ready else b""
            if not chunk:
                return None
            answer += chunk
        return json.loads(answer)

    def alive(self) -> bool:
        """Whether the step runs; it ends with the simulator's program."""
        return self._step is not None and self._step.poll() is None

    def is_due_for_restart(self, episodes: int) -> bool:
        """What the simulator's server answers on its node."""
        if self._step is None:
            return False
        return bool(self._ask(self._step, str(episodes).encode(), ANSWER_TIMEOUT))

    def stop(self) -> None:
        """End the step and with it the simulator. Calling it again has no effect."""
        step, self._step = self._step, None
        if step is not None:
            process.stop(step, grace=STOP_GRACE)
