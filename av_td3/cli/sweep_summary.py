"""The summary of a sweep at its end: the state of every job, taken from its folder and not from SLURM or the launcher."""

import shlex
import shutil
import time
from pathlib import Path

from rich.console import Console

from av_td3.cluster.slurm_queue import queued
from av_td3.report.sweep import read_sweep
from av_td3.report.sweep_report import print_sweep, write_sweep
from av_td3.runs.folder import TENSORBOARD
from av_td3.runs.status import STATUS_FILE, mark_lost_job
from av_td3.runs.sweep_folder import SUBMITIT_FOLDER

POLL_INTERVAL, MAX_SILENCE = 2.0, 300.0  # s


def summarize_sweep(sweep: Path, console: Console) -> int:
    """Wait for the sweep's jobs in SLURM's queue, mark the lost ones as failed, and print and write the sweep's summary.

    Returns the exit code: 1 if a job failed.
    """
    wait_for_queue(sweep)
    for status in sorted(sweep.glob(f"*/{STATUS_FILE}")):
        mark_lost_job(status.parent)
    runs = read_sweep(sweep)
    print_sweep(console, runs)
    for written in write_sweep(runs, sweep):
        console.print(str(written), soft_wrap=True, markup=False)
    if (sweep / TENSORBOARD).is_dir():
        console.print(
            f"tensorboard --logdir {shlex.quote(str(sweep / TENSORBOARD))}", soft_wrap=True, markup=False, highlight=False
        )
    return 0 if all(run.finished for run in runs.runs) else 1


def wait_for_queue(sweep: Path) -> None:
    """Block until SLURM has no job of this sweep left. submitit keeps a folder for each job id.

    A busy controller is polled again; after ``MAX_SILENCE`` seconds without an answer it counts as absent.
    """
    ids = {path.name for path in (sweep / SUBMITIT_FOLDER).glob("[0-9]*")}
    answered = time.monotonic()
    while ids and shutil.which("squeue") is not None:
        in_queue = queued(ids)
        answered = answered if in_queue is None else time.monotonic()
        if in_queue == set() or time.monotonic() - answered > MAX_SILENCE:
            return
        time.sleep(POLL_INTERVAL)
