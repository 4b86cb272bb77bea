"""Actions while collecting: random until learning starts, then the policy's with noise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3.config.algorithm import Algorithm


class Exploration:
    """Draws random actions and noise for environments that drive at the same time, a lane each."""

    def __init__(self, config: Algorithm, action_size: int, seed: int, lanes: int):
        self._config = config
        self._rng = np.random.default_rng([seed, 1])
        self._random = np.zeros((lanes, action_size), np.float32)
        self._held = np.zeros(lanes, np.int64)  # steps for which a lane's random action has been held

    def noise(self, step: int) -> float:
        """Std of the noise: a straight line from when learning starts (as in DrQ-v2, arXiv:2107.09645), then level."""
        c = self._config
        done = min(1.0, max(0.0, (step - c.learning_starts) / c.exploration_noise_steps))
        return c.exploration_noise + done * (c.exploration_noise_end - c.exploration_noise)

    def random(self, lane: int) -> NDArray[np.float32]:
        """A uniform action, held for ``random_action_steps`` steps."""
        if self._held[lane] % self._config.random_action_steps == 0:
            self._random[lane] = self._rng.uniform(-1.0, 1.0, self._random.shape[1])
        self._held[lane] += 1
        action: NDArray[np.float32] = self._random[lane].copy()
        return action

    def around(self, action: NDArray[np.float32], step: int) -> NDArray[np.float32]:
        """The policy's action with Gaussian noise, within its bounds."""
        noise = self._rng.normal(0.0, self.noise(step), self._random.shape[1])
        return np.clip(action + noise, -1.0, 1.0).astype(np.float32)

    def state_dict(self) -> dict[str, Any]:
        """The state of the random numbers, and the actions being held."""
        return {"rng": self._rng.bit_generator.state, "random": self._random.tolist(), "held": self._held.tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state written by ``state_dict``."""
        self._rng.bit_generator.state = state["rng"]
        self._random = np.array(state["random"], np.float32)
        self._held = np.array(state["held"])
