"""Complete runs of micro_500: their files, and reproducibility."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml

from av_td3.runs.episodes import read_episodes
from av_td3.runs.scalars import read_log
from av_td3.runs.trajectories import read_trajectories
from tests.conftest import ROOT
from tests.system.runs import no_processes_in, status

MODULES = ("actor_cnn", "actor_mlp", "critic_cnn", "critic_mlp")
NETWORKS = ("actor", "critic")
SMALL = ("total_steps=100", "algorithm.learning_starts=60", "algorithm.batch_size=16", "hardware.threads=1")
TERMS = ("progress", "smoothness", "lane_centring", "efficiency")
TAGS = {
    *(f"train/{n}" for n in ("actor_loss", "critic_loss", "q1_value", "q2_value")),
    *(f"episode/{n}" for n in ("reward", "length", "route_completion", "collisions", "lane_invasions", "success")),
    *(f"reward/{t}" for t in TERMS),
    *(f"reward/share_{t}" for t in TERMS),
    *(f"eval/{n}" for n in ("reward", "length", "route_completion", "collisions", "success")),
    "perf/env_steps_per_s",
    "perf/updates_per_s",
    *(
        f"debug/{m}_grad_norm_{when}_clip{kind}"
        for m in MODULES + NETWORKS
        for when in ("BEFORE", "AFTER")
        for kind in ("", "_max")
    ),
    *(f"debug/{n}_grad_clip_ratio" for n in NETWORKS),
    *(f"debug/{n}_clipped_fraction" for n in NETWORKS),
    *(f"debug/{m}_update_ratio" for m in MODULES),
    *(f"debug/{n}" for n in ("actor_q_mean", "target_q_mean", "q1_q2_diff", "td_error", "action_saturation")),
    *(f"debug/{n}" for n in ("actor_pre_tanh_abs", "action_steering_mean", "action_pedal_mean")),
    "debug/features_std",
    *(f"debug/vector_std_{entry}" for entry in ("speed", "lateral", "heading_error", "waypoints")),
    *(f"gradients/{m}_norm" for m in MODULES),
    *(f"alerts/{p}gradient_explosion_{level}" for p in ("", "critic_") for level in ("warning", "critical")),
    *(f"alerts/{n}" for n in ("clip_violation", "dead_gradient", "action_saturation", "q_divergence")),
    *(f"alerts/{n}" for n in ("actor_critic_disagreement", "non_finite")),
}


def run(folder, *overrides):
    command = [sys.executable, str(ROOT / "launch.py"), "experiment=micro_500", f"hydra.run.dir={folder}", *overrides]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def micro(tmp_path_factory):
    folder = tmp_path_factory.mktemp("micro") / "run"
    return folder, run(folder)


@pytest.fixture(scope="module")
def scalars(micro):
    return read_log(micro[0] / "tensorboard").scalars


def test_every_tag_is_there_and_every_value_a_number(scalars):
    assert TAGS - set(scalars) == set()
    assert all(np.all(np.isfinite(series.values)) for series in scalars.values())


def test_updates_are_healthy(scalars):
    def largest(tag):
        return np.max(np.abs(scalars[tag].values))

    assert largest("debug/actor_grad_norm_AFTER_clip_max") <= 1.0 + 1e-5
    assert largest("debug/critic_grad_norm_AFTER_clip_max") <= 10.0 + 1e-4
    assert largest("train/actor_loss") < 1000.0
    assert largest("debug/action_saturation") < 0.5
    assert np.min(scalars["debug/actor_mlp_grad_norm_BEFORE_clip"].values) > 0.0
    assert all(largest(tag) == 0.0 for tag in scalars if tag.startswith("alerts/"))
    same = scalars["gradients/actor_cnn_norm"].values == scalars["debug/actor_cnn_grad_norm_AFTER_clip"].values
    assert np.all(same)


def test_the_folder_tells_the_run(micro):
    folder, done = micro
    assert status(folder)["state"] == "done"
    assert status(folder)["step"] == 500
    assert status(folder)["verdict"] in ("GO", "INVESTIGATE")
    assert f"verdict: {status(folder)['verdict']}" in done.stdout
    assert f"tensorboard --logdir {folder / 'tensorboard'}" in done.stdout
    assert yaml.safe_load((folder / "config.yaml").read_text())["algorithm"]["batch_size"] == 64
    assert (folder / ".hydra" / "overrides.yaml").exists()
    rows = read_episodes(folder)
    assert [row.episode for row in rows] == list(range(len(rows)))
    assert sum(row.length for row in rows) == rows[-1].step <= 500
    newest = sorted((folder / "checkpoints").iterdir())[-1]
    state = torch.load(newest / "state.pt", weights_only=True)
    assert (state["step"], state["agent"]["updates"]) == (500, 250)
    assert no_processes_in(folder)


def without_time(scalars):
    columns = {tag: (series.steps.tolist(), series.values.tolist()) for tag, series in scalars.items()}
    return {tag: column for tag, column in columns.items() if not tag.startswith("perf/")}


def test_the_same_seed_writes_the_same_scalars(micro, scalars, tmp_path):
    run(tmp_path / "again")
    again = read_log(tmp_path / "again" / "tensorboard").scalars
    assert without_time(again) == without_time(scalars)
    first, second = (sorted((folder / "checkpoints").iterdir())[-1] for folder in (micro[0], tmp_path / "again"))
    weights = [torch.load(path / "state.pt", weights_only=True)["agent"]["actor"] for path in (first, second)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_another_seed_writes_others(scalars, tmp_path):
    run(tmp_path / "other", "seed=1", "total_steps=330", "algorithm.batch_size=16")
    other = read_log(tmp_path / "other" / "tensorboard").scalars
    assert other["episode/reward"].values[:3].tolist() != scalars["episode/reward"].values[:3].tolist()
    assert other["train/critic_loss"].values[0] != scalars["train/critic_loss"].values[0]


def test_a_run_without_a_camera_learns_from_the_vector_and_is_evaluated_like_any_other(tmp_path):
    folder = tmp_path / "run"
    run(folder, "observation=vector", "replay.storage=disk", *SMALL)
    assert (status(folder)["state"], status(folder)["step"]) == ("done", 100)
    assert (folder / "report.html").exists()
    assert list((folder / "videos").glob("*.mp4"))
    assert not list((folder / "videos").glob("*-camera.png"))
    assert not [tag for tag in read_log(folder / "tensorboard").scalars if "cnn" in tag]
    command = [sys.executable, "-m", "av_td3", "evaluate", str(folder), "--episodes", "1", "scenario.max_episode_steps=20"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_other_shapes_train_to_the_end(tmp_path):
    folder = tmp_path / "run"
    shapes = ("observation.stack=3", "observation.frame_size=96", "observation.color=rgb", "action=steer_pedal_rate_limited")
    previous = "+observation.vector.previous={_target_: av_td3.env.vector.PreviousControls}"
    run(folder, *shapes, previous, *SMALL)
    assert (status(folder)["state"], status(folder)["step"]) == ("done", 100)
    first = torch.load(max((folder / "checkpoints").glob("[0-9]*")) / "state.pt", weights_only=True)["agent"]["actor"]
    assert first["encoder.convolutions.0.weight"].shape[1] == 3 * 3
    assert first["head.0.weight"].shape[1] == 50 + 23 + 2
    points = [point for trajectory in read_trajectories(folder) for point in np.diff(trajectory.actions, axis=0)]
    largest = np.abs(points).max(axis=0)
    assert largest == pytest.approx([0.4, 0.5], abs=2e-3)  # 4 and 5 per second, in steps of 0.1 s, written to three places
