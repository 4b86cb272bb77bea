"""Runs that are killed and resumed, vs. an uninterrupted one."""

import random
import re
import resource
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT
from tests.system.runs import children, gone, started, status, until
from tests.system.same_run import assert_same_run

STEPS = 1200
RUN = (
    *("experiment=micro_500", "network=small_cnn", "algorithm.batch_size=16", "algorithm.learning_starts=60"),
    *(
        f"total_steps={STEPS}",
        "checkpoint.every_steps=40",
        "hardware.threads=1",
        "evaluation.every_steps=400",
        "logging.every_updates=7",
        "scenario=suburb_empty",
    ),
)
KILLS = 10


def launch(folder, *overrides):
    command = [sys.executable, str(ROOT / "launch.py"), *overrides]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=folder.parent)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    done = launch(folder, *RUN, f"hydra.run.dir={folder}")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def half_written(folder):
    return any((folder / "checkpoints").glob(".[0-9]*")) or any((folder / "replay").glob(".[0-9]*"))


@pytest.mark.timeout(600)
def test_a_run_killed_at_random_moments_ends_like_one_that_never_stopped(tmp_path, unbroken):
    """Half of the kills happen while the first or second checkpoint of a process is written."""
    folder, rng = tmp_path / "run", random.Random(0)
    for kill in range(KILLS):
        with started(folder, *RUN) as process:
            until(lambda: at_work(folder), "the first step")
            if kill % 2:
                for _ in range(rng.randint(1, 2)):
                    until(lambda: not half_written(folder), "the end of a checkpoint", pause=0.0005)
                    until(lambda: half_written(folder), "a checkpoint", pause=0.0005)
            else:
                time.sleep(rng.uniform(0.0, 0.5))
            family = children(process.pid)
            process.kill()
            process.wait()
            assert process.returncode == -signal.SIGKILL, "the run came to its end before it could be killed so often"
            until(lambda: gone(family), "the end of all processes", seconds=10.0)  # noqa: B023
    assert launch(folder, f"resume={folder}").returncode == 0
    assert status(folder)["restarts"] == KILLS
    assert_same_run(folder, unbroken)


def at_work(folder):
    """Whether the process that was started last has made or resumed a step."""
    said = (folder.parent / "output.txt").read_text()
    return any(words in said for words in ("exploring step", "resuming from step", "no checkpoint yet"))


def test_a_run_that_has_ended_is_left_as_it_is(unbroken):
    before = {path: path.stat().st_mtime_ns for path in unbroken.rglob("*") if path.is_file() and ".hydra" not in path.parts}
    again = launch(unbroken, f"resume={unbroken}")
    assert again.returncode == 0
    assert "this run has finished" in again.stdout
    after = {path: path.stat().st_mtime_ns for path in before if path.name != ".lock"}
    assert {path: before[path] for path in after} == after


def test_a_longer_run_resumes_a_shorter_one_only_with_changes_allowed(tmp_path):
    folder = tmp_path / "run"
    assert launch(folder, *RUN, "total_steps=90", f"hydra.run.dir={folder}").returncode == 0
    refused = launch(folder, f"resume={folder}", "total_steps=130")
    assert refused.returncode == 2
    assert "holds a run with another config: total_steps was 90, is 130" in refused.stderr
    assert "resume_with_changes=true" in refused.stderr
    assert status(folder)["state"] == "done"
    done = launch(folder, f"resume={folder}", "total_steps=130", "resume_with_changes=true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "resuming from step 90" in done.stdout
    assert status(folder)["step"] == 130


def test_there_must_be_a_run_to_resume(tmp_path):
    done = launch(tmp_path / "x", f"resume={tmp_path / 'nowhere'}")
    assert done.returncode == 2
    assert "not the folder of a run" in done.stderr
    assert done.stderr.count("\n") == 1


def test_damage_is_reported_and_the_previous_checkpoint_is_used(tmp_path, unbroken):
    folder = tmp_path / "run"
    with started(folder, *RUN) as process:
        until(lambda: len(list((folder / "checkpoints").glob("[0-9]*"))) > 1, "two checkpoints", pause=0.001)
        process.kill()
        process.wait()
    newest = max((folder / "checkpoints").glob("[0-9]*"))
    content = bytearray((newest / "state.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (newest / "state.pt").write_bytes(content)
    done = launch(folder, f"resume={folder}")
    assert done.returncode == 0, done.stdout + done.stderr
    printed = " ".join(done.stdout.split())
    assert f"checkpoint {newest} cannot be used: state.pt is damaged" in printed
    assert_same_run(folder, unbroken)  # the one before was taken at the end of an episode


def test_a_checkpoint_that_finds_no_room_ends_the_run_in_one_line(tmp_path):
    """The kernel refuses files above 3 MB, as a full disk would; the weights take more."""
    folder = tmp_path / "run"
    command = [sys.executable, str(ROOT / "launch.py"), *RUN, f"hydra.run.dir={folder}"]
    limit = 3_000_000
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=200,
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"error: the checkpoint at step \d+ could not be written to .*/run: File too large; ", done.stderr)
    assert "Traceback" not in done.stderr
    assert status(folder)["state"] == "failed"
    again = launch(folder, f"resume={folder}")  # with room again
    assert again.returncode == 0
    assert "no checkpoint yet: starting from scratch" in again.stdout
