"""Complete runs with several environments."""

import os
import signal
import time

import torch

from av_td3.runs.episodes import read_episodes
from av_td3.runs.scalars import read_log
from tests.system.runs import SMALL, no_processes_in, simulator_of, started, status, until


def test_two_environments_fill_one_replay(launch, tmp_path):
    done = launch(*SMALL, "hardware.num_envs=2", "total_steps=260", "scenario=suburb_traffic", "scenario.npc_vehicles=5")
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "run"
    assert status(folder)["step"] == 260
    newest = max((folder / "checkpoints").iterdir())
    state = torch.load(newest / "state.pt", weights_only=True)
    assert (state["step"], state["agent"]["updates"]) == (260, 200)  # one update a step, as with one environment
    numbers = [row.episode for row in read_episodes(folder)]
    assert len(numbers) == len(set(numbers)) >= 2
    assert {p.name for p in folder.glob("simulator*.log")} == {"simulator-0.log", "simulator-1.log"}
    assert "perf/env_steps_per_s" in read_log(folder / "tensorboard").scalars
    assert no_processes_in(folder)


def test_learning_continues_while_one_simulator_hangs(tmp_path):
    folder = tmp_path / "run"
    overrides = ("hardware.num_envs=2", "total_steps=50000", "logging.every_updates=5", "scenario=suburb_empty")
    patient = ("simulator.timeout=60.0", "evaluation.every_steps=50000")
    with started(folder, *SMALL, *overrides, *patient) as process:
        until(lambda: read_episodes(folder) and status(folder)["step"] > 80, "the first updates")
        os.kill(simulator_of(process.pid).pid, signal.SIGSTOP)
        time.sleep(1.0)
        begun = status(folder)["step"]
        until(lambda: status(folder)["step"] > begun + 20, "steps of the other environment", seconds=50.0)
        assert "simulator lost" not in (folder / "run.log").read_text()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 130
    assert no_processes_in(folder)
