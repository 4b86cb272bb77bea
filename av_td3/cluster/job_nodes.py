"""The nodes of the SLURM job that this process runs in."""

import functools
import os
import re
import socket
import subprocess
import time
from typing import NamedTuple

TIMEOUT = 60.0  # s; a busy controller answers slowly
ATTEMPTS, PAUSE = 4, 10.0  # and s between them


class Node(NamedTuple):
    """A node of a job.

    Attributes:
        name: as SLURM calls it.
        address: IPv4 address at which other nodes reach it.

    """

    name: str
    address: str


def job_nodes() -> list[Node]:
    """The nodes of this job, this one first; none outside a job.

    Raises:
        OSError: SLURM does not say which nodes the job has, or this process is not on one of them.

    """
    names = os.environ.get("SLURM_JOB_NODELIST")
    return [] if names is None else _nodes(names, os.environ.get("SLURMD_NODENAME"))


@functools.cache
def _nodes(names: str, own: str | None) -> list[Node]:
    if own is None:  # salloc gives a shell outside
        raise OSError("this process is not on a node of its job: start it with srun --nodes=1 --ntasks=1 --overlap --pty")
    answer = _ask("scontrol", "--oneliner", "show", "node", names)
    found = {node[1]: node[2] for node in re.finditer(r"NodeName=(\S+) .*?\bNodeAddr=(\S+)", answer)}
    if own not in found:
        raise OSError(f"scontrol show node {names} does not list {own}, the node of this process")
    # Resolved here: a node may know its own name as 127.0.1.1.
    return [Node(name, socket.gethostbyname(found[name])) for name in sorted(found, key=lambda name: (name != own, name))]


def _ask(*command: str) -> str:
    """The output of a command, which is tried again where the controller is busy."""
    for attempt in range(ATTEMPTS):
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout
        except subprocess.CalledProcessError as error:
            reason = " ".join(error.stderr.split())
        except subprocess.TimeoutExpired:
            reason = f"no answer within {TIMEOUT:g} s"
        if attempt + 1 < ATTEMPTS:
            time.sleep(PAUSE)
    raise OSError(f"{' '.join(command)}: {reason}")
