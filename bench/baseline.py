"""The baseline of the benchmarks: Stable-Baselines3's TD3 with the same observations and networks."""

from typing import Any

import gymnasium
import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common.logger import Logger


class Spaces(gymnasium.Env):  # type: ignore[misc]
    """An environment that only defines the spaces."""

    observation_space = gymnasium.spaces.Dict(
        {
            "image": gymnasium.spaces.Box(0, 255, (4, 84, 84), np.uint8),
            "vector": gymnasium.spaces.Box(-1.0, 1.0, (23,), np.float32),
        }
    )
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)


def learner(device: str, batch_size: int, transitions: int) -> stable_baselines3.TD3:
    """The baseline with a full replay buffer of random transitions; NatureCNN to 512 features, heads of 256 and 256."""
    model = stable_baselines3.TD3(
        "MultiInputPolicy",
        Spaces(),
        learning_rate=3e-4,
        buffer_size=transitions,
        batch_size=batch_size,
        policy_kwargs={"net_arch": [256, 256], "features_extractor_kwargs": {"cnn_output_dim": 512}},
        device=device,
    )
    model.set_logger(Logger(None, []))
    fill(model.replay_buffer, np.random.default_rng(0))
    return model


def fill(buffer: Any, rng: np.random.Generator) -> None:
    """Fill a replay buffer with random transitions."""
    for observations in (buffer.observations, buffer.next_observations):
        observations["image"][:] = rng.integers(0, 256, observations["image"].shape, dtype=np.uint8)
        observations["vector"][:] = rng.uniform(-1.0, 1.0, observations["vector"].shape)
    buffer.actions[:] = rng.uniform(-1.0, 1.0, buffer.actions.shape)
    buffer.rewards[:] = rng.normal(size=buffer.rewards.shape)
    buffer.full = True


def version() -> str:
    """Versions of the baseline."""
    return f"Stable-Baselines3 {stable_baselines3.__version__}, torch {torch.__version__}"
