"""How runs end when the console, the disk, the folder or the terminal is lost."""

import os
import resource
import shutil
import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.system.runs import SMALL, no_processes_in, started, status, until

TINY = (*SMALL, "network=small_cnn", "scenario=suburb_empty", "total_steps=62")
LONG = (*TINY[:-1], "total_steps=100000", "checkpoint.every_steps=50")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}


def command(folder, *overrides):
    return [sys.executable, str(ROOT / "launch.py"), f"hydra.run.dir={folder}", *overrides]


@pytest.mark.parametrize("console", ["2> /dev/full > /dev/full", "| head -1", ">&-"])
def test_a_run_continues_without_its_console(tmp_path, console):
    script = f"set -o pipefail; {' '.join(command(tmp_path / 'run', *TINY))} {console}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=200, cwd=tmp_path, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert status(tmp_path / "run")["state"] == "done"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_in_order_and_it_says_how_to_resume(tmp_path, number):
    folder = tmp_path / "run"
    restored = dict.fromkeys((signal.SIGQUIT, signal.SIGHUP), signal.SIG_DFL)
    before = {other: signal.signal(other, answer) for other, answer in restored.items()}
    try:
        with started(folder, *LONG) as process:
            until(lambda: any((folder / "checkpoints").glob("[0-9]*/manifest.json")), "a checkpoint")
            process.send_signal(number)
            assert process.wait(timeout=60) == 130
    finally:
        for other, answer in before.items():
            signal.signal(other, answer)
    assert status(folder)["state"] == "interrupted"
    said = " ".join((tmp_path / "output.txt").read_text().split())
    assert f"python launch.py resume={folder} resumes the run from the checkpoint of step " in said
    until(lambda: no_processes_in(folder), "the end of all processes", seconds=10.0)


def test_a_disk_that_fills_up_ends_the_run_in_one_line(tmp_path):
    """The kernel refuses files above 30 kB, as a full disk would; the log of a run takes more."""
    folder, limit = tmp_path / "run", 30_000
    done = subprocess.run(
        command(folder, *LONG),
        capture_output=True,
        text=True,
        timeout=200,
        cwd=tmp_path,
        env=ENVIRONMENT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "File too large" in done.stderr
    assert status(folder)["state"] == "failed"


def test_a_folder_that_is_moved_away_ends_the_run_in_one_line(tmp_path):
    folder = tmp_path / "run"
    with started(folder, *LONG) as process:
        until(lambda: (folder / "episodes.csv").exists(), "a run")
        shutil.move(folder, tmp_path / "elsewhere")
        assert process.wait(timeout=100) == 1
    said = (tmp_path / "output.txt").read_text()
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if line.startswith("error: ")]) == 1
    assert str(folder) in said


def test_too_little_address_space_is_an_error_in_one_line(tmp_path):
    limit = 1_600_000_000
    done = subprocess.run(
        command(tmp_path / "run", *TINY),
        capture_output=True,
        text=True,
        timeout=200,
        cwd=tmp_path,
        env=ENVIRONMENT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode in (1, 2)
    assert done.stderr.count("\n") == 1, done.stderr
    assert "memory" in done.stderr


def test_a_run_may_end_with_the_code_of_its_gate(launch):
    short = ("experiment=micro_500", "total_steps=90", "algorithm.learning_starts=60", "logging.every_updates=5")
    gate = ("gate.exit_code=true", "gate.max_critic_loss=1e-9")
    done = launch(*short, "algorithm.batch_size=16", "hardware.threads=1", *gate)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "verdict: NO-GO" in done.stdout
    assert launch("gate.exit_code=true", "algorithm.batch_size=0").returncode == 3  # no verdict
