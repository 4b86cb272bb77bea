"""The policy as one module, from the numbers of an observation to an action."""

import copy

import torch
from torch import nn


class VectorPolicyModule(nn.Module):
    """A copy of the head of a policy without a camera, on the CPU and in eval mode.

    Args:
        head: vector (n, vector size) to the actions before the tanh (n, action size).

    """

    def __init__(self, head: nn.Module):
        super().__init__()
        self.head = copy.deepcopy(head)
        self.requires_grad_(False)
        self.eval()
        self.to(device="cpu")

    def forward(self, vector: torch.Tensor) -> torch.Tensor:
        """Actions float32 (n, action size) of vector float32 (n, vector size)."""
        return torch.tanh(self.head(vector))


class PolicyModule(nn.Module):
    """A copy of encoder and head on the CPU, in eval mode and in the default memory layout.

    Args:
        encoder: pixels float (n, channels, height, width) in [0, 1] to features (n, feature_dim).
        head: features and vector (n, feature_dim + vector size) to the actions before the tanh (n, action size).

    """

    def __init__(self, encoder: nn.Module, head: nn.Module):
        super().__init__()
        self.encoder = copy.deepcopy(encoder)
        self.head = copy.deepcopy(head)
        self.requires_grad_(False)
        self.eval()
        self.to(device="cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def forward(self, image: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        """Actions float32 (n, action size) of image uint8 (n, channels, height, width), vector float32 (n, vector size)."""
        features = self.encoder(image.float() / 255.0)
        return torch.tanh(self.head(torch.cat([features, vector], dim=1)))
