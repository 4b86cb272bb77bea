"""Rewards divided by how much the return varies (Engstrom et al. 2020, arXiv:2005.12729, "reward scaling").

The numbers follow VecNormalize of Stable-Baselines3: the variance is that of the discounted sum of rewards so far, over all
steps of all episodes, and a scaled reward is bound at 10.
"""

from typing import Any

import numpy as np
import torch

BOUND, EPSILON = 10.0, 1e-8


class UnscaledRewards:
    """Rewards as they are."""

    def observe(self, reward: float, ended: bool, lane: int) -> None:
        """Nothing to learn from it."""

    def __call__(self, reward: torch.Tensor) -> torch.Tensor:
        """The same rewards."""
        return reward

    def state_dict(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to take over."""


class RunningRewardScale(UnscaledRewards):
    """Learns the variance while steps come in; rewards are scaled when they are drawn, by what is known then."""

    def __init__(self, discount: float, lanes: int):
        self._discount = discount
        self._returns = np.zeros(lanes)
        self._mean, self._variance, self._count = 0.0, 1.0, 1e-4

    def observe(self, reward: float, ended: bool, lane: int) -> None:
        """Take part of one step in the variance."""
        self._returns[lane] = self._returns[lane] * self._discount + reward
        change = float(self._returns[lane]) - self._mean
        count = self._count + 1.0
        spread = self._variance * self._count + change**2 * self._count / count
        self._mean, self._variance, self._count = self._mean + change / count, spread / count, count
        if ended:
            self._returns[lane] = 0.0

    def __call__(self, reward: torch.Tensor) -> torch.Tensor:
        """Scaled rewards."""
        return (reward / float(np.sqrt(self._variance + EPSILON))).clamp(-BOUND, BOUND)

    def state_dict(self) -> dict[str, Any]:
        """The variance so far, and the returns of the episodes under way."""
        return {"returns": self._returns.tolist(), "mean": self._mean, "variance": self._variance, "count": self._count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state written by ``state_dict``."""
        self._returns = np.array(state["returns"])
        self._mean, self._variance, self._count = state["mean"], state["variance"], state["count"]
