"""Actor and critic: an image encoder, and small heads on its features and the vector observation."""

from itertools import pairwise

import torch
from torch import nn

from av_td3.config.network import ImageShape, Network, has_image


class FlattenPixels(nn.Module):
    """(n, channels, height, width) to (n, height * width * channels): the order of channels_last memory, so no copy."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.permute(0, 2, 3, 1).flatten(1)


def convolutions(inputs: int, layers: list[list[int]]) -> nn.Sequential:
    """Convolutions without padding, each followed by ReLU, and flattened.

    Args:
        inputs: channels of the images.
        layers: channels, kernel size and stride of each convolution.

    """
    stack: list[nn.Module] = []
    for channels, kernel, stride in layers:
        stack += [nn.Conv2d(inputs, channels, kernel, stride), nn.ReLU(inplace=True)]
        inputs = channels
    return nn.Sequential(*stack, FlattenPixels())


def trunk(config: Network, inputs: int) -> nn.Module:
    """Features (n, feature_dim) from the outputs (n, inputs) of the convolutions.

    ``layernorm_tanh`` bounds them (Yarats et al. 2021, arXiv:2107.09645), which keeps the actor's tanh from saturating as
    soon as learning starts; ``plain`` is the linear layer with ReLU of Stable-Baselines3's NatureCNN.
    """
    linear = nn.Linear(inputs, config.feature_dim)
    if config.trunk == "layernorm_tanh":
        return nn.Sequential(linear, nn.LayerNorm(config.feature_dim), nn.Tanh())
    return nn.Sequential(linear, nn.ReLU(inplace=True))


class Encoder(nn.Module):
    """Image encoder: pixels float (n, channels, height, width) in [0, 1] to features (n, ``config.num_features(image_shape)``).

    Without a camera (no channels) it has no weights, and gives no features.

    Args:
        config: its convolutions and trunk.
        image_shape: channels, height and width.

    """

    def __init__(self, config: Network, image_shape: ImageShape):
        super().__init__()
        sees = has_image(image_shape)
        self.convolutions = config.body(image_shape) if sees else nn.Flatten()
        self.trunk = trunk(config, config.outputs(image_shape)) if sees else nn.Identity()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.trunk(self.convolutions(pixels))
        return features


class Head(nn.Sequential):
    """Linear layers with ReLU between them, computed in float32 whatever the format of the encoder.

    The actor ascends small differences of Q, and the critic learns from small differences of targets: bfloat16, whose numbers
    near 5 are 0.03 apart, rounds them away. A head costs little compared with the convolutions.
    """

    def __init__(self, inputs: int, hidden: list[int], outputs: int):
        widths = [inputs, *hidden]
        layers = [layer for pair in pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU(inplace=True))]
        super().__init__(*layers, nn.Linear(widths[-1], outputs))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """(n, inputs) to float32 (n, outputs)."""
        with torch.autocast(inputs.device.type, enabled=False):
            out: torch.Tensor = super().forward(inputs.float())  # type: ignore[no-untyped-call]
        return out


class Actor(nn.Module):
    """The policy. Its encoder takes pixels, or the outputs of convolutions that the critic owns.

    Args:
        encoder: gives features (n, ``config.num_features(image_shape)``).
        config: sizes of the head.
        image_shape: channels, height and width of an observation's image.
        vector_size: numbers in an observation's vector.
        action_size: components of an action.

    """

    def __init__(self, encoder: nn.Module, config: Network, image_shape: ImageShape, vector_size: int, action_size: int):
        super().__init__()
        self.encoder = encoder
        self.head = Head(config.num_features(image_shape) + vector_size, config.hidden_dims, action_size)

    def pre_tanh(self, features: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        """Actions (n, action_size) before the tanh, for features (n, feature_dim) and vector (n, vector_size)."""
        out: torch.Tensor = self.head(torch.cat([features, vector], dim=1))
        return out

    def act(self, features: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        """Actions (n, action_size) in [-1, 1]."""
        return torch.tanh(self.pre_tanh(features, vector))


class Critic(nn.Module):
    """One or two Q functions on one encoder."""

    def __init__(self, config: Network, critics: int, image_shape: ImageShape, vector_size: int, action_size: int):
        super().__init__()
        self.encoder = Encoder(config, image_shape)
        inputs = config.num_features(image_shape) + vector_size + action_size
        self.heads = nn.ModuleList(Head(inputs, config.hidden_dims, 1) for _ in range(critics))

    def q(self, features: torch.Tensor, vector: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Q of each head (critics, n)."""
        joined = torch.cat([features, vector, action], dim=1)
        return torch.stack([head(joined).squeeze(1) for head in self.heads])

    def first_q(self, features: torch.Tensor, vector: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        """Q (n,) of the first head, which the actor ascends."""
        out: torch.Tensor = self.heads[0](torch.cat([features, vector, action], dim=1)).squeeze(1)
        return out
