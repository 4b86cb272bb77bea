"""A package of somebody else, installed beside av_td3 and used from an empty folder; nothing of av_td3 is changed for it."""

import json
import shutil
import subprocess

import pytest
import torch
from omegaconf import OmegaConf

from av_td3.diagnostics.recorded_run import read_run
from av_td3.runs.episodes import read_episodes
from av_td3.runs.status import read_status
from tests.wheels import av_td3


@pytest.fixture(scope="module")
def agent_state(run):
    return newest_agent_state(run)


def newest_agent_state(run):
    return torch.load(max((run / "checkpoints").glob("[0-9]*")) / "state.pt", weights_only=True)["agent"]


def test_the_run_is_done_by_their_algorithm(run, agent_state):
    assert read_status(run, [])["state"] == "done"
    assert OmegaConf.load(run / "config.yaml").algorithm.candidates == 64
    assert agent_state["updates"] == 30
    logged = read_run(run)
    for tag in ("train/critic_loss", "train/q1_value", "debug/critic_grad_norm_BEFORE_clip_max"):
        assert list(logged.series(tag).steps) == [70, 80, 90]


def test_their_network_takes_their_observation(agent_state):
    assert agent_state["q"]["encoder.trunk.0.weight"].shape == (16, 2 * 4 * 7 * 7)  # two cameras, four frames, pooled to 7 x 7
    assert agent_state["q"]["head.0.weight"].shape == (32, 16 + 24 + 2)  # one number more than 23; steer and pedal


def test_their_simulator_serves_their_town(run):
    assert (run / "simulator.log").read_text().startswith("kart\n")
    ours = max(x for lane in json.loads((run / "map.json").read_text())["lanes"] for x, _ in lane)
    assert 200.0 < ours < 260.0  # three columns, 120 m apart


def test_their_ending_ends_episodes_after_its_patience(run):
    stuck = [row for row in read_episodes(run) if row.ending == "stuck"]
    assert stuck
    assert all(row.length >= 5 for row in stuck)  # half a second


def test_their_reward_terms_and_what_their_callback_measures_are_logged(run):
    figures = json.loads((run / "report.json").read_text())["figures"]
    assert {"reward/haste", "reward/share_haste", "reward/progress"} <= figures.keys()
    best = max(row.reward for row in read_episodes(run) if row.step <= 70)
    assert read_run(run).values("kart/best_reward")[0] == pytest.approx(best, abs=1e-3)
    assert "best episode so far" in (run / "said.txt").read_text()


def test_their_alert_is_raised(run):
    assert "ALERT at step 70: large_loss" in (run / "said.txt").read_text()
    assert read_run(run).values("alerts/large_loss")[0] == 1.0


def test_their_rule_reports_at_the_end_of_the_run_and_to_the_tool(run, installed, tmp_path):
    assert "narrow_search  (info)" in (run / "said.txt").read_text()
    assert "narrow_search" in (run / "report.html").read_text()
    assert "Set algorithm.candidates=100 or more" in av_td3(installed, tmp_path, "diagnose", run)


def test_a_longer_run_resumes_with_their_state(run, installed, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    said = av_td3(installed, tmp_path, "train", "resume=run", "total_steps=120", "resume_with_changes=true")
    assert "resuming from step 90" in said
    assert newest_agent_state(tmp_path / "run")["updates"] == 60
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_their_policy_is_loaded_with_their_package_and_only_then(run, installed, tmp_path):
    script = """
import sys
import numpy as np
from av_td3 import load_policy
policy = load_policy(sys.argv[1], packages=["kart"])
observation = policy.config.observation
image, vector = np.zeros((3, *observation.image_shape), np.uint8), np.zeros((3, observation.vector_size), np.float32)
print(policy.predict({"image": image, "vector": vector})[0].shape)
"""
    done = subprocess.run([installed / "bin" / "python", "-c", script, run], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "(3, 2)\n", done.stderr
    refused = av_td3(installed, tmp_path, "export", run, "--format", "torchscript", code=3)
    assert "names classes from outside av_td3 (" in refused
    assert "name the packages: kart" in refused
    refused = av_td3(installed, tmp_path, "export", run, "--format", "torchscript", "--package", "kart", code=3)
    assert "kart.algorithm.RandomShootingConfig has no policy_module, which export needs" in refused
    assert not (run / "export").exists()


def test_an_invalid_value_of_theirs_leaves_nothing(installed, tmp_path):
    said = av_td3(installed, tmp_path, "train", "experiment=kart", "algorithm.candidates=0", code=2)
    assert said.startswith("error: algorithm.candidates=0: must be at least 1")
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
