"""The baseline of the benchmarks: Stable-Baselines3's TD3 with the same observations and networks."""

from typing import Any

import gymnasium
import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, CombinedExtractor

from av_td3.agents.networks import trunk
from av_td3.config.network import Network


class Spaces(gymnasium.Env):  # type: ignore[misc]
    """An environment that only defines the spaces."""

    observation_space = gymnasium.spaces.Dict(
        {
            "image": gymnasium.spaces.Box(0, 255, (4, 84, 84), np.uint8),
            "vector": gymnasium.spaces.Box(-1.0, 1.0, (23,), np.float32),
        }
    )
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)


class Encoder(BaseFeaturesExtractor):  # type: ignore[misc]
    """The convolutions and the trunk of a network of ours, written as Stable-Baselines3 writes its NatureCNN."""

    def __init__(self, space: gymnasium.spaces.Box, network: Any):
        super().__init__(space, network.feature_dim)
        channels, layers = space.shape[0], []
        for out, kernel, stride in network.convolutions:
            layers += [torch.nn.Conv2d(channels, out, kernel, stride), torch.nn.ReLU()]
            channels = out
        self.layers = torch.nn.Sequential(*layers, torch.nn.Flatten(), trunk(network, network.outputs(space.shape)))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.layers(image)
        return features


class Extractor(CombinedExtractor):  # type: ignore[misc]
    """Features of the image, and the vector as it is."""

    def __init__(self, space: gymnasium.spaces.Dict, network: Network):
        super().__init__(space, cnn_output_dim=1)
        self.extractors["image"] = Encoder(space["image"], network)
        self._features_dim = network.feature_dim + space["vector"].shape[0]


def learner(device: str, batch_size: int, transitions: int, network: Network) -> stable_baselines3.TD3:
    """The baseline with a full replay buffer of random transitions, and the layers of a network of ours."""
    policy = {
        "net_arch": network.hidden_dims,
        "features_extractor_class": Extractor,
        "features_extractor_kwargs": {"network": network},
    }
    model = stable_baselines3.TD3(
        "MultiInputPolicy",
        Spaces(),
        learning_rate=3e-4,
        buffer_size=transitions,
        batch_size=batch_size,
        policy_kwargs=policy,
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
