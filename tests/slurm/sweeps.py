"""Submits sweeps to the lab."""

import getpass
import os
import subprocess
import sys
import time
from contextlib import contextmanager

from tests.conftest import ROOT
from tests.slurm.lab import CONTROLLER

TINY = (
    *("experiment=micro_500", "network=small_cnn", "scenario=suburb_empty", "algorithm.batch_size=16"),
    *("algorithm.learning_starts=60", "total_steps=100", "evaluation.every_steps=60", "gate.min_updates=10"),
    *("checkpoint.every_steps=40", "logging.every_updates=10", "hardware.threads=1"),
)
OURS = ("hydra/launcher=slurm", "hardware.slurm.cpus=1", "hardware.slurm.mem_gb=3", "hardware.slurm.timeout_min=30")
STEPS = 1000
LONG = (  # for runs that are interrupted
    f"total_steps={STEPS}",
    *("checkpoint.every_steps=300", "evaluation.every_steps=500", "logging.every_updates=50"),
)
NORM, RATE = "algorithm.gradient_clipping.actor_max_norm", "algorithm.actor_lr"


def command(folder, *overrides):
    return [sys.executable, str(ROOT / "launch.py"), "-m", *TINY, f"hydra.sweep.dir={folder}", *overrides]


@contextmanager
def submitted(lab, folder, *overrides):
    """The launching command while it waits for its jobs; its output goes to a file next to the sweep's folder."""
    environment = lab.environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    with (folder.parent / "output.txt").open("w") as output:
        words = [*lab.at(CONTROLLER), *command(folder, *overrides)]
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, cwd=folder.parent, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        lab.run("scancel", f"--user={getpass.getuser()}", check=False)
        deadline = time.monotonic() + 30.0
        while lab.jobs() and time.monotonic() < deadline:
            time.sleep(0.2)


def output(folder):
    return (folder.parent / "output.txt").read_text()


def pids_in(folder):
    """Processes whose command line or environment names this folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read()
        except OSError:
            continue
        if str(folder).encode() in line and int(pid) != os.getpid():
            found.append(int(pid))
    return found
