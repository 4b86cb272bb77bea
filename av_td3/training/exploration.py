"""Random actions, and the noise that is added to others."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3.config.algorithm import Algorithm


class Exploration:
    """Draws random actions and noise for environments that act at the same time."""

    def __init__(self, config: Algorithm, action_size: int, seed: int, num_envs: int):
        self._config = config
        self._rng = np.random.default_rng([seed, 1])
        self._random = np.zeros((num_envs, action_size), np.float32)
        self._held = np.zeros(num_envs, np.int64)  # steps for which each random action has been held

    def noise(self, step: int) -> float:
        """Standard deviation of the noise: linearly annealed from when learning starts, then constant (as in DrQ-v2,
        arXiv:2107.09645).
        """
        c = self._config
        done = min(1.0, max(0.0, (step - c.learning_starts) / c.exploration_noise_steps))
        return c.exploration_noise + done * (c.exploration_noise_end - c.exploration_noise)

    def random(self, env_index: int) -> NDArray[np.float32]:
        """Draw a uniform action; it is held for ``random_action_steps`` steps."""
        if self._held[env_index] % self._config.random_action_steps == 0:
            self._random[env_index] = self._rng.uniform(-1.0, 1.0, self._random.shape[1])
        self._held[env_index] += 1
        action: NDArray[np.float32] = self._random[env_index].copy()
        return action

    def noisy(self, action: NDArray[np.float32], step: int) -> NDArray[np.float32]:
        """Add Gaussian noise to an action and clip it to [-1, 1]."""
        noise = self._rng.normal(0.0, self.noise(step), self._random.shape[1])
        return np.clip(action + noise, -1.0, 1.0).astype(np.float32)

    def state_dict(self) -> dict[str, Any]:
        """The state of the random numbers, and the actions being held."""
        return {"rng": self._rng.bit_generator.state, "random": self._random.tolist(), "held": self._held.tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        self._rng.bit_generator.state = state["rng"]
        self._random = np.array(state["random"], np.float32)
        self._held = np.array(state["held"])
