"""Whole runs with several environments at once."""

import torch

from av_td3.diagnostics.scalars import read_scalars
from tests.system.runs import SMALL, episodes, no_processes_in, status


def test_two_environments_fill_one_replay(launch, tmp_path):
    done = launch(*SMALL, "hardware.num_envs=2", "total_steps=260", "scenario=suburb_empty")
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "run"
    assert status(folder)["step"] == 260
    newest = max((folder / "checkpoints").iterdir())
    state = torch.load(newest, weights_only=True)
    assert (state["step"], state["agent"]["updates"]) == (260, 200)  # one update a step, as with one environment
    numbers = [int(row["episode"]) for row in episodes(folder)]
    assert len(numbers) == len(set(numbers)) >= 2
    assert {p.name for p in folder.glob("simulator*.log")} == {"simulator-0.log", "simulator-1.log"}
    assert "perf/env_steps_per_s" in read_scalars(folder / "tensorboard")
    assert no_processes_in(folder)
