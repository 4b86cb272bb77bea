"""Whom the encoders learn from: ``network.gradient_routing``.

Each class builds actor, critic and their targets, and says which features the heads see. In the critic's own loss the
critic always sees the features of its own encoder, which learns from that loss.
"""

import copy
from typing import NamedTuple, TypeVar

import torch
from torch import nn

from av_td3.agents.networks import Actor, Critic, Encoder
from av_td3.config.network import ImageShape, Network
from av_td3.metrics import ACTOR_CNN, ACTOR_MLP, CRITIC_CNN, CRITIC_MLP

Live = TypeVar("Live", Actor, Critic)


class Features(NamedTuple):
    """What the actor's head and the critic's heads see of the same pictures, each (n, feature_dim)."""

    actor: torch.Tensor
    critic: torch.Tensor


class Separate:
    """An encoder each. The actor's learns from the policy gradient, which reaches it through the action alone."""

    def __init__(self, network: Network, critics: int, image_shape: ImageShape, vector_size: int, action_size: int):
        self.actor = Actor(self._actor_encoder(network, image_shape), network, vector_size, action_size)
        self.critic = Critic(network, critics, image_shape, vector_size, action_size)
        self.actor_target = self._target(self.actor)
        self.critic_target = self._target(self.critic)

    def _actor_encoder(self, network: Network, image_shape: ImageShape) -> nn.Module:
        return Encoder(network, image_shape)

    def _target(self, live: Live) -> Live:
        return copy.deepcopy(live).requires_grad_(False)

    def place(self, device: torch.device) -> None:
        """Move all four to a device, in the memory layout that convolutions like best."""
        for network in (self.actor, self.critic, self.actor_target, self.critic_target):
            network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def actor_modules(self) -> dict[str, list[nn.Parameter]]:
        """What the actor's loss trains, by the name of its learning rate."""
        return {ACTOR_CNN: list(self.actor.encoder.parameters()), ACTOR_MLP: list(self.actor.head.parameters())}

    def critic_modules(self) -> dict[str, list[nn.Parameter]]:
        """What the critic's loss trains."""
        return {CRITIC_CNN: list(self.critic.encoder.parameters()), CRITIC_MLP: list(self.critic.heads.parameters())}

    def to_act(self, pixels: torch.Tensor) -> torch.Tensor:
        """What the actor's head sees while driving."""
        features: torch.Tensor = self.actor.encoder(pixels)
        return features

    def in_actor_loss(self, pixels: torch.Tensor) -> Features:
        """What both see in the actor's loss; no gradient goes into the critic's."""
        with torch.no_grad():
            critic = self.critic.encoder(pixels)
        return Features(self.actor.encoder(pixels), critic)

    def in_target(self, pixels: torch.Tensor) -> Features:
        """What the target actor and the target critic see of the next pictures."""
        return Features(self.actor_target.encoder(pixels), self.critic_target.encoder(pixels))


class CriticOwned(Separate):
    """The critic owns the convolutions; the actor's trunk and head learn from their outputs, detached.

    As in SAC-AE (Yarats et al. 2019, arXiv:1910.01741) and DrQ-v2, whose trunks are separate too.
    """

    def _actor_encoder(self, network: Network, image_shape: ImageShape) -> nn.Module:
        return Encoder(network, image_shape).trunk

    def actor_modules(self) -> dict[str, list[nn.Parameter]]:
        """The actor has no convolutions of its own."""
        return {ACTOR_MLP: list(self.actor.parameters())}

    def to_act(self, pixels: torch.Tensor) -> torch.Tensor:
        """The actor's trunk on the critic's convolutions."""
        features: torch.Tensor = self.actor.encoder(self.critic.encoder.convolutions(pixels))
        return features

    def in_actor_loss(self, pixels: torch.Tensor) -> Features:
        """Both trunks on the same convolution outputs, which get no gradient."""
        with torch.no_grad():
            seen = self.critic.encoder.convolutions(pixels)
            critic = self.critic.encoder.trunk(seen)
        return Features(self.actor.encoder(seen), critic)

    def in_target(self, pixels: torch.Tensor) -> Features:
        """Both target trunks on the target critic's convolutions."""
        seen = self.critic_target.encoder.convolutions(pixels)
        return Features(self.actor_target.encoder(seen), self.critic_target.encoder.trunk(seen))


class Entangled(Separate):
    """The actor's loss also reaches its encoder through the state input of Q, and there are no target encoders.

    Wrong, and kept so that the explosion which follows can be shown: the actor lowers its loss without limit by inflating
    the features that Q is given.
    """

    def _target(self, live: Live) -> Live:
        target = super()._target(live)
        target.encoder = nn.Identity()  # type: ignore[assignment]
        return target

    def in_actor_loss(self, pixels: torch.Tensor) -> Features:
        """Both see the actor's features, and both send gradients into them."""
        features = self.actor.encoder(pixels)
        return Features(features, features)

    def in_target(self, pixels: torch.Tensor) -> Features:
        """Both targets see the features of the live critic."""
        features = self.critic.encoder(pixels)
        return Features(features, features)


ROUTINGS = {"separate": Separate, "critic_owned": CriticOwned, "entangled": Entangled}
