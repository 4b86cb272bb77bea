"""SLURM's commands: which jobs are in the queue, how others ended, and the end of one."""

import re
import subprocess
from collections.abc import Iterable

TIMEOUT = 60.0  # s; a busy controller answers slowly


def cluster_name() -> str | None:
    """The name of the cluster that this machine belongs to; None without SLURM, and if it does not answer."""
    answer = _answer("scontrol", "show", "config")
    found = re.search(r"^ClusterName\s*=\s*(\S+)", answer or "", re.MULTILINE)
    return found[1] if found else None


def queued(ids: Iterable[str]) -> set[str] | None:
    """Those of some jobs that are waiting, running, or about to end; None if SLURM does not answer.

    Args:
        ids: of jobs (13) and elements of arrays (13_7).

    """
    wanted = set(ids)
    command = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={','.join(_whole(wanted))}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:  # SLURM reports an invalid id for a job that it has purged
        return set() if "Invalid job id" in done.stderr else None
    return wanted & set(done.stdout.split())


def final_states(ids: Iterable[str]) -> dict[str, str]:
    """How jobs ended, such as CANCELLED or OUT_OF_MEMORY, by id; without those that the accounting does not know."""
    wanted = set(ids)
    options = [word for job in _whole(wanted) for word in ("-j", job)]
    answer = _answer("sacct", "-o", "JobID,State", "--parsable2", *options) or ""
    rows = (line.split("|")[:2] for line in answer.splitlines() if "|" in line)
    # Elements that never started are listed together, as in 13_[4-5].
    states = {job.partition("[")[0]: state.partition(" ")[0] for job, state in rows}
    found = {job: states.get(job) or states.get(f"{job.partition('_')[0]}_") for job in wanted}
    return {job: state for job, state in found.items() if state}


def cancel(job: str) -> str | None:
    """End a job; returns why it could not be ended, else None. A job that has ended is no error.

    Args:
        job: its id; 13_7 for an element of an array. Its plain number may be that of the whole array.

    """
    try:
        done = subprocess.run(["scancel", job], capture_output=True, text=True, timeout=TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        return " ".join(str(error).split())
    return None if done.returncode == 0 else " ".join(done.stderr.split())


def _whole(ids: Iterable[str]) -> list[str]:
    """The ids without the numbers of elements."""
    return sorted({job.partition("_")[0] for job in ids})


def _answer(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
