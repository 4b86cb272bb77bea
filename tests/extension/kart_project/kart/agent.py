"""Q-learning without an actor: the policy is the best of some random actions.

QT-Opt (Kalashnikov et al. 2018, arXiv:1806.10293) with one round of random shooting in place of the cross-entropy method, and
one Q function.
"""

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from av_td3 import metrics
from av_td3.agents.compute import Compute
from av_td3.agents.measurements import Measurements
from av_td3.agents.networks import Encoder, Head
from av_td3.config.experiment import Config
from av_td3.replay.buffer import Batch
from kart.algorithm import RandomShootingConfig


class QFunction(nn.Module):
    """Q of several actions for each observation, with the encoder that ``network`` configures."""

    def __init__(self, config: Config):
        super().__init__()
        network, observation = config.network, config.observation
        self.encoder = Encoder(network, observation.image_shape)
        inputs = network.feature_dim + observation.vector_size + config.action.size
        self.head = Head(inputs, network.hidden_dims, 1)

    def forward(self, image: torch.Tensor, vector: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """Q (n, k) of image uint8 (n, channels, height, width), vector (n, vector size), actions (n, k, action size)."""
        seen = torch.cat([self.encoder(image.float() / 255.0), vector], dim=1)
        seen = seen[:, None].expand(-1, actions.shape[1], -1)
        q: torch.Tensor = self.head(torch.cat([seen, actions], dim=2))
        return q.squeeze(2)


class RandomShooting:
    """The agent.

    Args:
        algorithm: its keys.
        config: the whole configuration.
        compute: device and number format.

    """

    progress_tags: Mapping[str, str] = {"critic loss": metrics.CRITIC_LOSS, "Q": metrics.Q1_VALUE}

    def __init__(self, algorithm: RandomShootingConfig, config: Config, compute: Compute):
        torch.manual_seed(config.seed)
        self._algorithm = algorithm
        self._compute = compute
        self._action_size = config.action.size
        self.q = QFunction(config).to(compute.device)
        self.q_target = copy.deepcopy(self.q).requires_grad_(False)
        self._optimizer = torch.optim.Adam(self.q.parameters(), lr=algorithm.learning_rate)
        self._generator = torch.Generator(compute.device).manual_seed(config.seed)
        self._measurements = Measurements()
        self.updates = 0

    @torch.no_grad()
    def act(self, observation: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The best of ``candidates`` random actions, float32 (action size,)."""
        image, vector = (torch.from_numpy(observation[part])[None].to(self._compute.device) for part in ("image", "vector"))
        actions = self._random_actions(1)
        with self._compute.autocast():
            best = self.q(image, vector, actions).argmax()
        return np.asarray(actions[0, best].cpu().numpy())

    def update(self, batch: Batch) -> None:
        """One step of Adam on the squared TD error, and of the target network."""
        batch = batch.to(self._compute.device)
        target = self.compute_target(batch)
        with self._compute.autocast():
            q = self.q(batch.image, batch.vector, batch.action[:, None]).squeeze(1)
        loss = (q - target).square().mean()
        self._optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.q.parameters(), math.inf)  # measured only
        self._optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.q_target.parameters()), list(self.q.parameters()), self._algorithm.tau)
        self.updates += 1
        norms = {metrics.grad_norm(metrics.CRITIC, "BEFORE"): norm}
        values = {metrics.CRITIC_LOSS: loss.detach(), metrics.Q1_VALUE: q.detach().mean(), metrics.TARGET_Q_MEAN: target.mean()}
        self._measurements.record("q", means=values | norms, peaks=norms)

    @torch.no_grad()
    def compute_target(self, batch: Batch) -> torch.Tensor:
        """Target Q (n,): y = r + gamma max Q'(s', a) over random actions a; gamma is 0 after a terminal."""
        actions = self._random_actions(len(batch.reward))
        with self._compute.autocast():
            q = self.q_target(batch.next_image, batch.next_vector, actions)
        target: torch.Tensor = batch.reward + batch.discount * q.amax(dim=1)
        return target

    def _random_actions(self, n: int) -> torch.Tensor:
        """Uniform in [-1, 1], (n, candidates, action size)."""
        shape = (n, self._algorithm.candidates, self._action_size)
        return torch.rand(shape, generator=self._generator, device=self._compute.device) * 2.0 - 1.0

    def drain(self) -> dict[str, float]:
        return self._measurements.drain()

    def is_finite(self) -> bool:
        return all(bool(torch.isfinite(p).all()) for p in self.q.parameters())

    def state_dict(self) -> dict[str, Any]:
        return {
            "q": self.q.state_dict(),
            "q_target": self.q_target.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "generator": self._generator.get_state(),
            "measurements": self._measurements.state_dict(),
            "updates": self.updates,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.q.load_state_dict(state["q"])
        self.q_target.load_state_dict(state["q_target"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._generator.set_state(state["generator"].cpu())
        self._measurements.load_state_dict(state["measurements"], self._compute.device)
        self.updates = state["updates"]
