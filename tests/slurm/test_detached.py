"""Sweeps that are submitted and left."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.slurm.sweeps import OURS, output, pids_in, submitted
from tests.system.runs import status, until

DETACHED = (*OURS, "hydra.launcher.detach=true")
ENDLESS = ("total_steps=1000000", "scenario.max_episode_steps=100")


def tool(lab, folder, *options, slurm=True):
    """``av-td3 sweep`` on a login node, with or without SLURM; returns its exit code and output."""
    environment = lab.environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    if not slurm:
        environment["SLURM_CONF"] = os.devnull
    command = [sys.executable, "-m", "av_td3", "sweep", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, env=environment)
    return done.returncode, done.stdout + done.stderr


def submit(process):
    assert process.wait(timeout=60) == 0


def job_ids(folder):
    return {name: ids[-1] for name, ids in json.loads((folder / "slurm_jobs.json").read_text())["jobs"].items()}


def test_the_command_returns_after_submission_and_another_watches_the_jobs(lab, tmp_path):
    folder = tmp_path / "sweep"
    with submitted(lab, folder, *DETACHED, "seed=0,1,2") as launching:
        submit(launching)
        assert {status(folder / name)["state"] for name in "012"} <= {"queued", "running"}
        ids = job_ids(folder)
        assert set(ids.values()) == set(lab.jobs())
        said = output(folder)
        assert said.splitlines() == [
            f"submitted    {' '.join(ids.values())}",
            f"sweep folder {folder}",
            f"watch        av-td3 sweep {folder} --watch",
        ]
        code, said = tool(lab, folder, "--watch")
        assert code == 0, said
        assert "3 runs: 3 done" in said
    assert (folder / "sweep.csv").is_file()


def test_whoever_stops_waiting_for_a_sweep_can_watch_it_like_a_detached_one(lab, tmp_path):
    folder = tmp_path / "sweep"
    with submitted(lab, folder, *OURS, *ENDLESS, "seed=0,1") as launching:
        until(lambda: len(lab.jobs()) == 2 and (folder / "slurm_jobs.json").exists(), "the submission", 60.0)
        launching.send_signal(signal.SIGTERM)
        assert launching.wait(timeout=30) == 130
        assert f"its SLURM jobs continue: av-td3 sweep {folder} --watch" in output(folder)
        assert set(lab.jobs()) == set(job_ids(folder).values())


def test_a_submission_that_slurm_refuses_is_reported_and_its_jobs_have_failed(lab, tmp_path):
    folder = tmp_path / "sweep"
    with submitted(lab, folder, *DETACHED, "hardware.slurm.partition=nowhere", "seed=0,1") as launching:
        assert launching.wait(timeout=60) == 1
    assert "invalid partition" in output(folder)
    assert "watch " not in output(folder)
    assert [status(folder / name)["state"] for name in "01"] == ["failed", "failed"]


def test_jobs_that_slurm_no_longer_has_are_lost_and_where_it_cannot_be_asked_they_are_as_they_were(lab, tmp_path):
    folder = tmp_path / "sweep"
    with submitted(lab, folder, *DETACHED, *ENDLESS, "hardware.slurm.parallel=1", "seed=0,1") as launching:
        submit(launching)
        until(lambda: status(folder / "0")["step"] > 0, "a job at work", 60.0)
        ids = job_ids(folder)
        code, said = tool(lab, folder)
        assert (code, "running at" in said, "lost" in said, "cannot be asked" in said) == (0, True, False, False), said
        lab.run("scancel", ids["1"])
        for pid in pids_in(folder):  # as the kernel does when memory runs out
            os.kill(pid, signal.SIGKILL)
        until(lambda: not lab.jobs(), "an empty queue", 40.0)
        assert (status(folder / "0")["state"], status(folder / "1")["state"]) == ("running", "queued")
        code, said = tool(lab, folder, "--watch")
        assert (code, "2 runs: 2 lost" in said) == (0, True), said
        assert f"0: its SLURM job {ids['0']} is no longer in the queue (FAILED); it was last at step" in said
        assert f"1: its SLURM job {ids['1']} is no longer in the queue (CANCELLED); it never started" in said
        code, said = tool(lab, folder, slurm=False)
        assert code == 0
        assert "1 running, 1 queued" in said
        assert "cluster lab cannot be asked from here" in said


@pytest.mark.timeout(300)
def test_only_jobs_whose_alerts_say_that_they_are_lost_are_cancelled(lab, tmp_path):
    folder = tmp_path / "sweep"
    with submitted(lab, folder, *DETACHED, *ENDLESS, "alerts.max_q=200,1e-9") as launching:
        submit(launching)
        ids = job_ids(folder)
        code, said = tool(lab, folder, "--cancel-doomed")
        assert (code, said.count("kept, ")) == (0, 2), said
        until(lambda: status(folder / "1")["step"] > 800, "an alert that has been on for long", 120.0)
        code, said = tool(lab, folder, "--cancel-doomed")
        assert code == 0, said
        kept, cancelled = said.splitlines()
        assert kept == "0: kept, running, no alert says that it is lost"
        assert cancelled.startswith(f"1: cancelled {ids['1']}: q_divergence from step ")
        until(lambda: list(lab.jobs()) == [ids["0"]], "the end of the job", 40.0)
        code, said = tool(lab, folder, "--cancel-doomed")
        assert (code, said.splitlines()[1].partition("(")[0]) == (0, "1: kept, its job is no longer in the queue "), said
        assert f"its SLURM job {ids['1']} was cancelled: q_divergence from step" in tool(lab, folder)[1]
        assert list(lab.jobs()) == [ids["0"]]
        assert tool(lab, folder, "--cancel-doomed", slurm=False) == (
            3,
            f"error: {folder}: its cluster (lab) cannot be asked from here\n",
        )
