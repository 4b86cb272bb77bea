"""A local sweep: sequential jobs, all in its summary."""

import csv
import os
import signal
import subprocess
import sys

from tests.conftest import ROOT
from tests.system.runs import SMALL, started, status, until
from tests.system.same_run import assert_same_run

TINY = (*SMALL, "network=small_cnn", "scenario=suburb_empty", "total_steps=70")


def launch(folder, *overrides):
    command = [sys.executable, str(ROOT / "launch.py"), *overrides]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=folder.parent, env=environment)


def test_a_job_that_fails_harms_no_other_and_is_named_at_the_end(tmp_path):
    folder = tmp_path / "sweep"
    terms = "reward.terms.progress._target_=tests.env.terms.NonFinite,av_td3.env.reward.Progress"
    done = launch(folder, "-m", *TINY, terms, f"hydra.sweep.dir={folder}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert [status(folder / job)["state"] for job in ("0", "1")] == ["failed", "done"]
    assert "2 runs: 1 failed, 1 done" in " ".join(done.stdout.split())
    assert "reward term progress is nan" in done.stdout
    rows = list(csv.DictReader((folder / "sweep.csv").open()))
    assert [(row["state"], bool(row["error"])) for row in rows] == [("failed", True), ("done", False)]
    assert "Traceback" in (folder / "0" / "run.log").read_text()

    again = launch(folder, "-m", *TINY, terms, f"hydra.sweep.dir={folder}")  # what is done is left alone
    assert again.returncode == 1
    assert "this run has finished" in again.stdout


def test_a_job_that_asks_for_what_is_not_there_is_named_with_the_reason(tmp_path):
    folder = tmp_path / "sweep"
    towns = "scenario.town=Town99,Suburb01"
    done = launch(folder, "-m", *TINY, towns, f"hydra.sweep.dir={folder}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert [status(folder / job)["state"] for job in ("0", "1")] == ["failed", "done"]
    assert "scenario.town=Town99: the built-in simulator has Loop01, Ring01, Suburb01" in status(folder / "0")["error"]


def test_a_preempted_run_stops_at_a_point_from_which_it_resumes(tmp_path):
    whole, folder = tmp_path / "whole", tmp_path / "run"
    longer = ("total_steps=260", "evaluation.every_steps=100", "checkpoint.every_steps=1000")
    assert launch(whole, *TINY, *longer, f"hydra.run.dir={whole}").returncode == 0
    with started(folder, *TINY, *longer) as process:
        until(lambda: (folder / "status.json").exists() and status(folder)["step"] > 80, "learning")
        os.kill(process.pid, signal.SIGUSR2)
        assert process.wait(timeout=60) == 0
    written = status(folder)
    assert written["state"] == "queued"
    assert written["reason"] == "preempted"
    assert "another process resumes the run" in " ".join((tmp_path / "output.txt").read_text().split())
    assert launch(folder, f"resume={folder}").returncode == 0
    assert status(folder)["restarts"] == 1
    assert_same_run(folder, whole)
