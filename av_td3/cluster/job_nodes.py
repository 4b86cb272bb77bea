"""The nodes of the SLURM job that this process runs in."""

import os
import re
import subprocess
from typing import NamedTuple

TIMEOUT = 60.0  # s; a busy controller answers slowly


class Node(NamedTuple):
    """A node of a job.

    Attributes:
        name: as SLURM calls it.
        address: at which other nodes reach it.

    """

    name: str
    address: str


def job_nodes() -> list[Node]:
    """The nodes of this job, this one first; none outside a job.

    Raises:
        OSError: SLURM does not say which nodes the job has.

    """
    own, names = os.environ.get("SLURMD_NODENAME"), os.environ.get("SLURM_JOB_NODELIST")
    if own is None or names is None:
        return []
    answer = _ask("scontrol", "--oneliner", "show", "node", names)
    found = {node[1]: node[2] for node in re.finditer(r"NodeName=(\S+) .*?\bNodeAddr=(\S+)", answer)}
    if own not in found:
        raise OSError(f"scontrol show node {names} does not list {own}, the node of this process")
    return [Node(own, found.pop(own)), *(Node(name, found[name]) for name in sorted(found))]


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout
    except subprocess.CalledProcessError as error:
        raise OSError(f"{' '.join(command)}: {' '.join(error.stderr.split())}") from error
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{' '.join(command)}: no answer within {TIMEOUT:g} s") from error
