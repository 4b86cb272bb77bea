"""Models of Stable-Baselines3 to train in our environment."""

from typing import Any

import numpy as np
from stable_baselines3 import PPO, SAC, TD3
from stable_baselines3.common.noise import NormalActionNoise

ALGORITHMS = ("td3", "sac", "ppo")
BUFFER = 50_000  # transitions of the replay buffer, at most
NOISE = 0.1  # std on the actions of TD3, whose own default is none
ROLLOUT = 2048  # steps between the updates of PPO, its default


def make_model(name: str, env: Any, steps: int, seed: int) -> Any:
    """Make a learner with a policy for dict observations.

    Args:
        name: one of ALGORITHMS.
        env: that it trains in.
        steps: that it will train for.
        seed: of weights and actions.

    """
    common = {"env": env, "seed": seed, "device": "cpu"}
    if name == "ppo":
        return PPO("MultiInputPolicy", n_steps=min(ROLLOUT, steps), **common)
    if name == "sac":
        return SAC("MultiInputPolicy", buffer_size=min(BUFFER, steps), **common)
    size = env.action_space.shape[0]
    noise = NormalActionNoise(np.zeros(size), np.full(size, NOISE))
    return TD3("MultiInputPolicy", buffer_size=min(BUFFER, steps), action_noise=noise, **common)


def free_experience(model: Any) -> None:
    """Free the memory of the transitions of a trained model."""
    for name in ("replay_buffer", "rollout_buffer"):
        if hasattr(model, name):
            setattr(model, name, None)
