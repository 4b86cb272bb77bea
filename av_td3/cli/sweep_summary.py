"""The account of a sweep at its end: what became of every job, whatever SLURM or the launcher thinks of it."""

import shutil
import subprocess
import time
from pathlib import Path

from rich.console import Console

from av_td3.report.sweep import read_sweep
from av_td3.report.sweep_report import print_sweep, write_sweep
from av_td3.runs.status import STATUS_FILE, mark_lost_job
from av_td3.runs.sweep_folder import SUBMITIT_FOLDER

LOOK_EVERY = 2.0  # s


def account(sweep: Path, console: Console) -> int:
    """Wait for jobs that are still in SLURM's queue, name those that ended without a word, print all; 1 where one failed."""
    wait_for_queue(sweep)
    for status in sorted(sweep.glob(f"*/{STATUS_FILE}")):
        mark_lost_job(status.parent)
    runs = read_sweep(sweep)
    print_sweep(console, runs)
    for written in write_sweep(runs, sweep):
        console.print(str(written), soft_wrap=True, markup=False)
    return 0 if all(run.finished for run in runs.runs) else 1


def wait_for_queue(sweep: Path) -> None:
    """Return when SLURM has no job of this sweep left. submitit keeps a folder for each job id."""
    ids = sorted({path.name.partition("_")[0] for path in (sweep / SUBMITIT_FOLDER).glob("[0-9]*")})
    while ids and _queued(ids):
        time.sleep(LOOK_EVERY)


def _queued(ids: list[str]) -> bool:
    if shutil.which("squeue") is None:
        return False
    asked = subprocess.run(["squeue", "-h", "-j", ",".join(ids)], capture_output=True, text=True)
    forgotten = "Invalid job id" in asked.stderr
    return bool(asked.stdout.strip()) or (asked.returncode != 0 and not forgotten)  # a controller that is busy is asked again
