"""Actor and critic: an image encoder each, and small heads on its features and the vector observation."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from av_td3.config import Network

IMAGE_SHAPE = (4, 84, 84)
CONV_FEATURES = 64 * 7 * 7


def convolutions() -> nn.Sequential:
    """The three convolutions of Mnih et al. 2015 (doi:10.1038/nature14236): float (n, 4, 84, 84) to (n, 3136)."""
    return nn.Sequential(
        nn.Conv2d(IMAGE_SHAPE[0], 32, kernel_size=8, stride=4),
        nn.ReLU(inplace=True),
        nn.Conv2d(32, 64, kernel_size=4, stride=2),
        nn.ReLU(inplace=True),
        nn.Conv2d(64, 64, kernel_size=3, stride=1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
    )


def trunk(kind: str, feature_dim: int) -> nn.Sequential:
    """From convolution outputs to features.

    ``layernorm_tanh`` bounds them (Yarats et al. 2021, arXiv:2107.09645), which keeps the actor's tanh from saturating as
    soon as learning starts; ``plain`` is the linear layer with ReLU of Stable-Baselines3's NatureCNN.
    """
    linear = nn.Linear(CONV_FEATURES, feature_dim)
    if kind == "layernorm_tanh":
        return nn.Sequential(linear, nn.LayerNorm(feature_dim), nn.Tanh())
    return nn.Sequential(linear, nn.ReLU(inplace=True))


def encoder(config: Network) -> nn.Sequential:
    """Float pixels (n, 4, 84, 84) in [0, 1] to features (n, feature_dim)."""
    return nn.Sequential(convolutions(), trunk(config.trunk, config.feature_dim))


def mlp(inputs: int, hidden: list[int], outputs: int) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.ReLU(inplace=True)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


class Actor(nn.Module):
    """The policy: observation to steer and pedal."""

    def __init__(self, config: Network, vector_size: int, action_size: int):
        super().__init__()
        self.encoder = encoder(config)
        self.head = mlp(config.feature_dim + vector_size, config.hidden_dims, action_size)

    def pre_tanh(self, pixels: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        """The head's output (n, 2) before it is bounded."""
        out: torch.Tensor = self.head(torch.cat([self.encoder(pixels), vector], dim=1))
        return out

    def forward(self, pixels: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        """Actions (n, 2) in [-1, 1]."""
        return torch.tanh(self.pre_tanh(pixels, vector))


class Critic(nn.Module):
    """Twin Q functions on one encoder of their own."""

    def __init__(self, config: Network, vector_size: int, action_size: int):
        super().__init__()
        self.encoder = encoder(config)
        inputs = config.feature_dim + vector_size + action_size
        self.q1 = mlp(inputs, config.hidden_dims, 1)
        self.q2 = mlp(inputs, config.hidden_dims, 1)

    def heads(self, features: torch.Tensor, vector: torch.Tensor, action: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Both Q values (n,) from encoded images."""
        joined = torch.cat([features, vector, action], dim=1)
        return self.q1(joined).squeeze(1), self.q2(joined).squeeze(1)

    def forward(self, pixels: torch.Tensor, vector: torch.Tensor, action: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Both Q values (n,)."""
        return self.heads(self.encoder(pixels), vector, action)


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Gradients pass through the module and stop short of its parameters."""
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in module.parameters():
            parameter.requires_grad_(True)
