"""Another package adds an option of each kind, with keys of its own; nothing of av_td3 is touched."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from av_td3.config.composition import experiment
from av_td3.config.errors import ConfigError
from av_td3.runs.episodes import read_episodes
from tests.conftest import ROOT

THEIRS = {
    "algorithm": "cautious",
    "network": "pooled",
    "simulator": "banner",
    "scenario": "kart",
    "reward": "kart",
    "observation": "kart",
    "action": "soft",
    "hardware": "site",
}
SHORT = (
    "experiment=micro_500",
    "total_steps=90",
    "algorithm.batch_size=16",
    "algorithm.learning_starts=60",
    "hardware.threads=1",
    "scenario.patience=0.5",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder of somebody else with a package and a conf/ of its own."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("kart", "conf"):
        shutil.copytree(Path(__file__).parent / part, folder / part)
    return folder


def train(project, *words):
    command = [sys.executable, "-m", "av_td3", "train", "--config-dir", "conf", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=project, env=environment)


@pytest.fixture(scope="module")
def run(project):
    done = train(project, *(f"{group}={name}" for group, name in THEIRS.items()), *SHORT, "hydra.run.dir=run")
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "run"


def test_every_option_takes_part_in_a_run(run):
    config = OmegaConf.load(run / "config.yaml")
    assert (config.algorithm.most_pedal, config.network.pool, config.hardware.cost_centre) == (0.5, 12, "A1")
    assert (run / "simulator.log").read_text().startswith("kart\n")
    stuck = [row for row in read_episodes(run) if row.ending == "stuck"]
    assert stuck
    assert all(row.length >= 5 for row in stuck)  # half a second
    state = torch.load(max((run / "checkpoints").glob("[0-9]*")) / "state.pt", weights_only=True)["agent"]
    assert state["actor"]["encoder.trunk.0.weight"].shape == (16, 2 * 4 * 7 * 7)  # two cameras, four frames, pooled to 7 x 7
    assert state["actor"]["head.0.weight"].shape == (32, 16 + 24)  # one more number than the 23


def test_their_reward_terms_are_logged_by_name(run):
    figures = json.loads((run / "report.json").read_text())["figures"]
    assert {"reward/haste", "reward/share_haste", "reward/progress"} <= figures.keys()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("algorithm=cautious algorithm.most_pedal=2", "algorithm.most_pedal=2: must be at least 0 and at most 1"),
        (
            "algorithm=cautious +algorithm.most_pedals=1",
            "algorithm.most_pedals: no such key; did you mean algorithm.most_pedal?",
        ),
        ("algorithm=td3 +algorithm.most_pedal=1", "algorithm.most_pedal: no such key"),
        ("network=pooled network.pool=0", "network.pool=0: must be at least 1 and at most 84 (pixels)"),
        ("simulator=banner ~simulator.banner", "simulator.banner: is missing"),
        ("reward=kart scenario=kart reward.terms.haste.top_speed=0", "reward.terms.haste.top_speed=0: must be at least 0.1"),
        ("reward=kart", "reward.endings.stuck: there is no scenario.endings.stuck"),
        ("observation=kart observation.cameras.road.sky=1", "observation.cameras.road.sky=1: must be at least 0"),
    ],
)
def test_their_keys_are_checked_like_ours(project, monkeypatch, words, answer):
    monkeypatch.syspath_prepend(project)
    with pytest.raises(ConfigError, match=re.escape(answer)) as caught:
        experiment(["name=test", f"hydra.searchpath=[file://{project / 'conf'}]", *words.split()])
    assert "\n" not in str(caught.value)


def test_a_launch_with_a_wrong_key_of_theirs_leaves_nothing(project):
    done = train(project, "algorithm=cautious", "algorithm.most_pedal=2", "hydra.run.dir=refused")
    assert done.returncode == 2
    assert done.stderr == "error: algorithm.most_pedal=2: must be at least 0 and at most 1\n"
    assert not (project / "refused").exists()


def test_a_run_with_their_options_is_resumed_like_ours(run, project):
    done = train(project, "resume=run")
    assert (done.returncode, "this run has finished" in done.stdout) == (0, True), done.stdout + done.stderr
