import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from av_td3.training.reward_scale import RunningRewardScaler, UnscaledRewards


class Scripted(gymnasium.Env):
    """Gives the rewards of a list, in episodes of seven steps."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,))
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,))

    def __init__(self, rewards):
        self.rewards, self.i = rewards, 0

    def reset(self, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.i += 1
        return np.zeros(1, np.float32), self.rewards[self.i - 1], self.i % 7 == 0, False, {}


def test_the_scale_is_that_of_vec_normalize():
    """Stable-Baselines3's VecNormalize, fed with the same rewards and ends."""
    rewards = np.random.default_rng(0).normal(2.0, 5.0, (200, 2)).tolist()
    baseline = VecNormalize(DummyVecEnv([lambda i=i: Scripted([r[i] for r in rewards]) for i in range(2)]), gamma=0.9)
    ours = RunningRewardScaler(0.9, num_envs=2)
    baseline.reset()
    for i, pair in enumerate(rewards):
        baseline.step(np.zeros((2, 1)))
        for env_index, reward in enumerate(pair):
            ours.observe(reward, (i + 1) % 7 == 0, env_index)
    expected = baseline.normalize_reward(np.array([3.0, -0.5, 1e4]))
    assert ours(torch.tensor([3.0, -0.5, 1e4])).tolist() == pytest.approx(expected.tolist(), rel=1e-3)
    assert ours(torch.tensor(1e4)) == 10.0


def test_a_state_continues_where_it_was_saved():
    first, second = RunningRewardScaler(0.9, 1), RunningRewardScaler(0.9, 1)
    for i in range(5):
        first.observe(float(i), False, 0)
    second.load_state_dict(first.state_dict())
    for scale in (first, second):
        scale.observe(3.0, True, 0)
    assert first.state_dict() == second.state_dict()


def test_rewards_are_left_alone_by_default():
    rewards = UnscaledRewards()
    rewards.observe(100.0, False, 0)
    assert rewards(torch.tensor(7.0)) == 7.0
