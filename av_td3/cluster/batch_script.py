"""The batch script of a single run: what ``sbatch`` reads, and what a person edits."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from av_td3.config.hardware import Slurm
from av_td3.runs.folder import LAUNCH_LOG

TEXT = """\
#!/bin/bash
# {comment}
# Preempted, or near its time limit, the run saves a checkpoint, requeues its job and resumes. After a failure, or cancelled,
# it resumes if this script is submitted again.
{options}
{setup}
# Both signals are ignored until Python listens. Some sites preempt by TERM alone: a run that ended because of it would count as
# failed, and one that works until it is killed is requeued. The learner is on the first node; on others the run starts steps.
exec srun --unbuffered --nodes=1 --ntasks=1 --cpus-per-task={cpus} bash -c 'trap "" USR2 TERM; exec "$@"' bash {command}
"""


def batch_script(command: Sequence[str], slurm: Slurm, *, name: str, folder: Path, cwd: Path, comment: str) -> str:
    """The text of a batch script.

    SLURM signals the processes of a job's steps, not the script itself (``B:``), so the run has to be a step. Its signal
    comes ``signal_delay`` seconds before the time limit, and at once if the job is preempted.

    Args:
        command: the words of the command, with the run's folder, so that a requeued job finds its checkpoint.
        slurm: the resources.
        name: of the job.
        folder: of the run; it must exist when the job starts, because its output goes there.
        cwd: working directory of the command.
        comment: a line about where the script is from.

    """
    options = {
        "job-name": name,
        "chdir": str(cwd),
        "output": str(folder / LAUNCH_LOG),
        "open-mode": "append",
        "partition": slurm.partition,
        "account": slurm.account,
        "time": slurm.timeout_min,
        "nodes": slurm.nodes,
        "ntasks-per-node": 1,
        "cpus-per-task": slurm.cpus,
        "gpus-per-node": slurm.gpus,
        "mem": None if slurm.mem_gb is None else f"{slurm.mem_gb}G",
        "signal": f"USR2@{slurm.signal_delay}",
    }
    lines = [f"#SBATCH --{key}={shlex.quote(str(value))}" for key, value in options.items() if value is not None]
    return TEXT.format(
        comment=comment,
        options="\n".join([*lines, "#SBATCH --requeue"]),
        setup="".join(f"\n{line}" for line in slurm.setup) + ("\n" if slurm.setup else ""),
        cpus=slurm.cpus,
        command=shlex.join(command),
    )
