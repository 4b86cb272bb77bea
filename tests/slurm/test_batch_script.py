"""The scripts of ``av-td3 sbatch``, submitted as they are printed."""

import getpass
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.docs.printed import blocks
from tests.slurm.sweeps import LONG, TINY, pids_in
from tests.system.runs import status, until
from tests.system.same_run import assert_same_run

RESOURCES = ("hardware.slurm.cpus=1", "hardware.slurm.mem_gb=3", "hardware.slurm.timeout_min=30")
ALWAYS_GO = (
    *("total_steps=300", "evaluation.every_steps=100", "scenario.max_episode_steps=20", "gate.exit_code=true"),
    "reward.terms.progress._target_=tests.slurm.terms.Growing",
)
GATE = next(block for block in blocks() if block.text.startswith("id=$(sbatch"))


@pytest.fixture
def environment(lab):
    yield lab.environment | {"PYTHONPATH": str(ROOT)}
    lab.run("scancel", f"--user={getpass.getuser()}", check=False)
    until(lambda: not lab.jobs(), "an empty queue", 40.0)


@pytest.fixture
def print_script(environment, tmp_path):
    """Write the script of a run in ``tmp_path/NAME``; returns its path."""

    def run(name, *overrides):
        words = (*TINY, *RESOURCES, *overrides, f"hydra.run.dir={tmp_path / name}")
        command = [sys.executable, "-m", "av_td3", "sbatch", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
        assert (done.returncode, done.stderr) == (0, "")
        script = tmp_path / f"{name}.sh"
        script.write_text(done.stdout)
        return script

    return run


def submitted(lab, script):
    return lab.run("sbatch", "--parsable", str(script)).stdout.strip()


def work(lab, script, folder):
    """Submit a script and wait for some updates of its run; returns the job's id."""
    job = submitted(lab, script)
    until(lambda: (folder / "status.json").exists() and status(folder)["step"] > 300, "learning", 90.0)
    return job


def preempt(lab, tmp_path):
    (tmp_path / "urgent.sh").write_text("#!/bin/bash\nsleep 1\n")
    lab.run("sbatch", "-p", "high", "-N2", "-o", "/dev/null", str(tmp_path / "urgent.sh"))


def test_a_preempted_run_saves_its_replay_from_scratch_and_resumes_and_ends_like_an_uninterrupted_one(
    lab, print_script, tmp_path, unbroken
):
    folder = tmp_path / "run"
    node = tmp_path / "node"
    node.mkdir()
    job = work(lab, print_script("run", *LONG, "replay.storage=disk", f"hardware.scratch={node}"), folder)
    assert f"{node}/av_td3-frames-" in Path(f"/proc/{status(folder)['pid']}/maps").read_text()
    preempt(lab, tmp_path)
    until(lambda: status(folder)["state"] == "done" and job not in lab.jobs(), "the end of the run", 150.0)
    assert status(folder)["restarts"] == 1
    assert "preempted: another process resumes the run" in (folder / "launch.log").read_text()
    assert_same_run(folder, unbroken)
    assert not any(node.iterdir())
    assert not pids_in(folder)


@pytest.fixture
def preempting_with_sigterm(lab):
    """SLURM's default: no USR2, only SIGTERM, and SIGKILL after the partition's grace time."""
    path = lab.folder / "slurm.conf"
    before = path.read_text()
    path.write_text(
        before.replace("SlurmctldParameters=preempt_send_user_signal\n", "").replace("GraceTime=60", "GraceTime=10")
    )
    lab.run("scontrol", "reconfigure")
    yield
    path.write_text(before)
    lab.run("scontrol", "reconfigure")
    lab.until_nodes_are_ready()


def test_a_run_that_is_preempted_without_the_signal_that_it_asked_for_resumes(
    lab, preempting_with_sigterm, print_script, tmp_path
):
    folder = tmp_path / "run"
    job = work(lab, print_script("run", "total_steps=1000000", "scenario.max_episode_steps=50"), folder)
    preempt(lab, tmp_path)
    until(lambda: job in lab.jobs() and status(folder)["restarts"] == 1, "the second start", 120.0)
    assert "Traceback" not in (folder / "launch.log").read_text()


def is_python(pid):
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).cmdline()[:1] == [sys.executable]
    return False


def test_a_signal_before_python_listens_does_not_end_the_run(lab, print_script, tmp_path):
    script = print_script("run")
    job = submitted(lab, script)
    until(lambda: any(map(is_python, pids_in(tmp_path / "run"))), "a process that has only begun", 30.0, pause=0.001)
    assert not (tmp_path / "run" / "status.json").exists()
    lab.run("scancel", "--signal=USR2", job)
    until(lambda: job not in lab.jobs(), "the end of the job", 90.0)
    assert status(tmp_path / "run")["state"] == "done"


def test_a_script_that_is_submitted_again_resumes_the_run(lab, print_script, tmp_path):
    folder, script = tmp_path / "run", print_script("run", "total_steps=1000000")
    job = work(lab, script, folder)
    lab.run("scancel", job)
    until(lambda: job not in lab.jobs(), "the end of the job", 40.0)
    assert not pids_in(folder)
    step = status(folder)["step"]
    job = submitted(lab, script)
    until(lambda: status(folder)["step"] > step, "more steps", 60.0)
    assert status(folder)["restarts"] == 1


def chained(environment, tmp_path):
    """Type the lines of the guide to the letter; returns the ids of both jobs."""
    typed = "\n".join(["set -e", *GATE.commands, "echo $id"])
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=30)
    assert done.returncode == 0, done.stderr
    production, validation = re.findall(r"\d+", done.stdout)
    return validation, production


def ends(lab):
    """How jobs ended, by id; of a job that was requeued, the last time."""
    return dict(re.findall(r"^JobId=(\d+) .* JobState=(\w+)", (lab.folder / "ended.log").read_text(), re.MULTILINE))


def test_production_waits_for_the_validation_and_starts_after_go(lab, environment, print_script, tmp_path):
    print_script("validation", *ALWAYS_GO)
    print_script("production")
    validation, production = chained(environment, tmp_path)
    until(lambda: pids_in(tmp_path / "validation"), "the validation", 30.0)
    until(lambda: (tmp_path / "validation" / "status.json").exists(), "the validation at work", 30.0)
    preempt(lab, tmp_path)
    until(lambda: status(tmp_path / "validation")["restarts"] == 1, "its second start", 60.0)
    assert lab.jobs()[production] == "PENDING"
    until(lambda: production not in lab.jobs(), "the end of production", 120.0)
    assert status(tmp_path / "validation")["verdict"] == "GO"
    assert status(tmp_path / "production")["state"] == "done"
    assert (ends(lab)[validation], ends(lab)[production]) == ("COMPLETED", "COMPLETED")


def test_production_is_cancelled_after_no_go(lab, environment, print_script, tmp_path):
    print_script("validation", *ALWAYS_GO, "gate.max_q=1e-9")
    print_script("production")
    validation, _ = chained(environment, tmp_path)
    until(lambda: not lab.jobs(), "an empty queue", 90.0)
    assert status(tmp_path / "validation")["verdict"] == "NO-GO"
    assert ends(lab)[validation] == "FAILED"
    assert not (tmp_path / "production" / "status.json").exists()
