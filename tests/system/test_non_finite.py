"""A run with non-finite gradients."""

import torch

from tests.system.runs import SMALL, status


def test_the_run_stops_in_one_line_and_keeps_its_last_good_checkpoint(launch, tmp_path):
    done = launch(
        *SMALL,
        "scenario=suburb_empty",
        "scenario.max_episode_steps=30",
        "algorithm.learning_starts=100",
        "checkpoint.every_steps=20",
        "logging.every_updates=5",
        "alerts.max_non_finite=12",
        "algorithm.optimizer=sgd",  # whose steps with such a learning rate and such rewards grow until they overflow
        "algorithm.critic_lr=1.0",
        "algorithm.critic_cnn_lr=1.0",
        "reward.weights.progress=1000",
        "reward.clip=10000",
        "clipping=off",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    folder = tmp_path / "run"
    last = done.stderr.strip().splitlines()[-1]
    assert "updates in a row had a non-finite gradient and were skipped (alerts.max_non_finite=12)" in last
    newest = max((folder / "checkpoints").iterdir())
    assert str(newest) in last
    weights = torch.load(newest / "state.pt", weights_only=True)["agent"]["critic"]
    assert all(torch.isfinite(p).all() for p in weights.values())
    assert status(folder)["state"] == "failed"
    assert "non-finite" in status(folder)["error"]
