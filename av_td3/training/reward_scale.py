"""Rewards divided by the standard deviation of the return (Engstrom et al. 2020, arXiv:2005.12729, "reward scaling").

The numbers follow VecNormalize of Stable-Baselines3: the variance is that of the discounted sum of rewards so far, over all
steps of all episodes, and a scaled reward is clipped to +-10.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch

from av_td3.config.algorithm import Algorithm

BOUND, EPSILON = 10.0, 1e-8


class RewardScaler(ABC):
    """Scales the rewards of a batch. Rewards are stored unscaled, and scaled by what is known when they are drawn."""

    @abstractmethod
    def observe(self, reward: float, is_over: bool, env_index: int) -> None:
        """Learn from the reward of one step; ``is_over`` where it ended its episode."""

    @abstractmethod
    def __call__(self, reward: torch.Tensor) -> torch.Tensor:
        """Scale rewards (n,)."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """What was learned so far."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""


class UnscaledRewards(RewardScaler):
    """Rewards as they are."""

    def observe(self, reward: float, is_over: bool, env_index: int) -> None:
        pass

    def __call__(self, reward: torch.Tensor) -> torch.Tensor:
        return reward

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class RunningRewardScaler(RewardScaler):
    """Divides by the running standard deviation of the discounted return.

    Args:
        discount: gamma of the return.
        num_envs: environments, each with a return of its own.

    """

    def __init__(self, discount: float, num_envs: int):
        self._discount = discount
        self._returns = np.zeros(num_envs)
        self._mean, self._variance, self._count = 0.0, 1.0, 1e-4

    def observe(self, reward: float, is_over: bool, env_index: int) -> None:
        self._returns[env_index] = self._returns[env_index] * self._discount + reward
        change = float(self._returns[env_index]) - self._mean
        count = self._count + 1.0
        spread = self._variance * self._count + change**2 * self._count / count
        self._mean, self._variance, self._count = self._mean + change / count, spread / count, count
        if is_over:
            self._returns[env_index] = 0.0

    def __call__(self, reward: torch.Tensor) -> torch.Tensor:
        return (reward / float(np.sqrt(self._variance + EPSILON))).clamp(-BOUND, BOUND)

    def state_dict(self) -> dict[str, Any]:
        return {"returns": self._returns.tolist(), "mean": self._mean, "variance": self._variance, "count": self._count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._returns = np.array(state["returns"])
        self._mean, self._variance, self._count = state["mean"], state["variance"], state["count"]


def reward_scaler(algorithm: Algorithm, num_envs: int) -> RewardScaler:
    """The scaler that ``algorithm.reward_normalization`` asks for."""
    return RunningRewardScaler(algorithm.discount, num_envs) if algorithm.reward_normalization else UnscaledRewards()
