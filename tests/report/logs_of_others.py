"""Logs of other programs, from given numbers."""

import numpy as np

from tests.diagnostics.logs import series


def rising(points=60, low=0.0, high=100.0, seed=0):
    """A return that rises with noise."""
    return series(np.linspace(low, high, points) + np.random.default_rng(seed).standard_normal(points), 1000, 1000)


def ppo(points=60):
    """A healthy PPO of Stable-Baselines3."""
    steady = np.random.default_rng(0).uniform(0.9, 1.1, points)
    lengths = series(100.0 * steady, 1000, 1000)
    values = {"approx_kl": 0.01, "clip_fraction": 0.1, "explained_variance": 0.8, "entropy_loss": -1.0, "value_loss": 5.0}
    return {
        "rollout/ep_rew_mean": rising(points),
        "rollout/ep_len_mean": lengths,
        "time/total_timesteps": series(1000.0 * np.arange(1, points + 1), 1000, 1000),
        **{f"train/{name}": series(value * steady, 1000, 1000) for name, value in values.items()},
        "train/policy_gradient_loss": series(-0.01 * steady, 1000, 1000),
        "train/clip_range": series([0.2] * points, 1000, 1000),
        "custom/speed": series(20.0 * steady, 1000, 1000),
    }


def td3(points=60, returns=None, starts=10_000):
    """A TD3 of CleanRL, whose losses begin at a later step than its episodes."""
    steady = np.random.default_rng(1).uniform(0.9, 1.1, points)
    return {
        "charts/episodic_return": rising(points) if returns is None else returns,
        "charts/episodic_length": series(1000.0 * steady, 1000, 1000),
        "losses/qf1_loss": series(steady, starts, 1000),
        "losses/qf1_values": series(10.0 * steady, starts, 1000),
        "losses/actor_loss": series(-10.0 * steady, starts, 1000),
    }
