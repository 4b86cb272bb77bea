"""The files of a sweep before its first job starts, from real launches whose jobs cannot start."""

import importlib.util
import json
import os
import signal
import subprocess
import sys

import pytest

from av_td3.report.sweep import read_sweep
from tests.conftest import ROOT
from tests.system.runs import SMALL, status, until

TINY = (*SMALL, "network=small_cnn", "scenario=suburb_empty", "total_steps=62")


def launch(tmp_path, *overrides):
    command = [sys.executable, str(ROOT / "launch.py"), "-m", *overrides, f"hydra.sweep.dir={tmp_path / 'sweep'}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=tmp_path, env=environment)


def test_a_sweep_that_does_not_compose_leaves_nothing(tmp_path):
    for wrong in ("network=nowhere,small_cnn", "seed=0,abc", "algorithm.batch_size=many", "algorithm.tau=0.5,2", "seed=0,-1"):
        done = launch(tmp_path, *TINY, wrong)
        assert done.returncode == 2, done.stdout
        assert done.stderr.count("\n") == 1, done.stderr
        assert not (tmp_path / "sweep").exists()


def test_jobs_are_queued_where_they_will_work(tmp_path):
    done = launch(tmp_path, *TINY, "seed=5,6", "hydra.sweep.subdir=seed_${seed}")
    assert done.returncode == 0, done.stdout + done.stderr
    folders = sorted(path.parent.name for path in (tmp_path / "sweep").glob("*/status.json"))
    assert folders == ["seed_5", "seed_6"]
    assert "2 runs: 2 done" in " ".join(done.stdout.split())
    logs = tmp_path / "sweep" / "tensorboard"
    assert sorted(path.name for path in logs.iterdir()) == ["seed_5 seed=5", "seed_6 seed=6"]
    assert all(any(path.glob("*tfevents*")) for path in logs.iterdir())
    assert f"tensorboard --logdir {logs}" in " ".join(done.stdout.split())
    assert len(read_sweep(tmp_path / "sweep").runs) == 2  # the links are no runs
    (tmp_path / "sweep" / "code.json").write_text(json.dumps({"digest": "of other code", "jobs": []}))
    again = launch(tmp_path, *TINY, "seed=5,6", "hydra.sweep.subdir=seed_${seed}")
    assert again.returncode == 2
    assert "was edited after" in again.stderr
    assert json.loads((tmp_path / "sweep" / "code.json").read_text())["digest"] == "of other code"


def test_an_interrupt_ends_the_whole_sweep(tmp_path):
    folder = tmp_path / "sweep"
    command = [
        sys.executable,
        str(ROOT / "launch.py"),
        "-m",
        *TINY,
        "total_steps=100000",
        "seed=0,1",
        f"hydra.sweep.dir={folder}",
    ]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: (folder / "0" / "episodes.csv").exists(), "the first job")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert f"hydra.sweep.dir={folder} to run the remaining jobs" in said
    assert [status(folder / job)["state"] for job in ("0", "1")] == ["interrupted", "queued"]


@pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="needs av-td3[optuna]")
def test_a_sweeper_that_needs_results_cannot_be_left(tmp_path):
    wrong = ("hydra/launcher=slurm", "hydra.launcher.detach=true", "hydra/sweeper=optuna", "seed=0,1")
    done = launch(tmp_path, *TINY, *wrong)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "hydra/sweeper=optuna chooses its jobs by the results of others" in done.stderr
    assert not (tmp_path / "sweep").exists()
