"""Whole runs whose replay a driver fills."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from av_td3.runs.episodes import read_episodes
from tests.conftest import ROOT
from tests.system.runs import SMALL, started, until
from tests.system.same_run import assert_same_run

FILL = 200  # steps
RUN = (
    *(*SMALL, "network=small_cnn", "scenario.npc_vehicles=8", "scenario.max_episode_steps=50", "logging.every_updates=7"),
    *(f"algorithm.learning_starts={FILL}", "total_steps=240", "checkpoint.every_steps=40", "evaluation.every_steps=1000"),
)


def launch(*overrides):
    command = [sys.executable, str(ROOT / "launch.py"), *overrides]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """A run that pure pursuit starts."""
    folder = tmp_path_factory.mktemp("driven") / "run"
    launch(*RUN, "replay.fill_with=pure_pursuit", f"hydra.run.dir={folder}")
    return folder


def progress(folder):
    """Metres along the route per step before learning starts, over episodes."""
    return np.mean([row.distance / row.length for row in read_episodes(folder) if row.step <= FILL])


def test_pure_pursuit_gets_further_than_random_actions(driven, tmp_path):
    launch(*RUN, f"hydra.run.dir={tmp_path / 'random'}")
    assert progress(driven) > 3.0 * max(0.05, progress(tmp_path / "random"))


def test_a_run_killed_while_the_replay_is_filled_ends_like_one_that_never_stopped(driven, tmp_path):
    folder = tmp_path / "killed"
    with started(folder, *RUN, "replay.fill_with=pure_pursuit") as process:
        until(lambda: any((folder / "checkpoints").glob("[0-9]*")), "a checkpoint", pause=0.001)
        process.kill()
        process.wait()
    newest = max((folder / "checkpoints").glob("[0-9]*"))
    assert torch.load(newest / "state.pt", weights_only=True)["step"] < FILL
    launch(f"resume={folder}")
    assert_same_run(folder, driven)
