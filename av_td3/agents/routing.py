"""Which loss trains which encoder: ``network.gradient_routing``.

Each class builds actor, critic and their targets, and says which features the heads get. In the critic's own loss the critic
always gets the features of its own encoder, which learns from that loss.
"""

import copy
from abc import ABC, abstractmethod
from typing import NamedTuple, TypeVar

import torch
from torch import nn

from av_td3.agents.networks import Actor, Critic, Encoder
from av_td3.config.network import ImageShape, Network
from av_td3.metrics import ACTOR_CNN, ACTOR_MLP, CRITIC_CNN, CRITIC_MLP

Online = TypeVar("Online", Actor, Critic)


class Features(NamedTuple):
    """Features of the same images for the actor's head and for the critic's heads, each (n, feature_dim)."""

    actor: torch.Tensor
    critic: torch.Tensor


class GradientRouting(ABC):
    """Actor, critic and their targets.

    Args:
        network: sizes and kind of the networks.
        critics: number of Q functions.
        image_shape: channels, height and width of an observation's image.
        vector_size: numbers in an observation's vector.
        action_size: components of an action.

    """

    def __init__(self, network: Network, critics: int, image_shape: ImageShape, vector_size: int, action_size: int):
        self.actor = Actor(self._actor_encoder(network, image_shape), network, image_shape, vector_size, action_size)
        self.critic = Critic(network, critics, image_shape, vector_size, action_size)
        self.actor_target = self._target(self.actor)
        self.critic_target = self._target(self.critic)

    def _actor_encoder(self, network: Network, image_shape: ImageShape) -> nn.Module:
        return Encoder(network, image_shape)

    def _target(self, online: Online) -> Online:
        return copy.deepcopy(online).requires_grad_(False)

    def place(self, device: torch.device) -> None:
        """Move all four to a device, in the memory layout that is fastest for convolutions."""
        for network in (self.actor, self.critic, self.actor_target, self.critic_target):
            network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def actor_modules(self) -> dict[str, list[nn.Parameter]]:
        """The parameters that the actor's loss trains, by module; without a camera there is no encoder among them."""
        return _with_weights({ACTOR_CNN: self.actor.encoder, ACTOR_MLP: self.actor.head})

    def critic_modules(self) -> dict[str, list[nn.Parameter]]:
        """The parameters that the critic's loss trains, by module; without a camera there is no encoder among them."""
        return _with_weights({CRITIC_CNN: self.critic.encoder, CRITIC_MLP: self.critic.heads})

    def policy_encoder(self) -> nn.Module:
        """What gives the actor's head its features while acting."""
        return self.actor.encoder

    def policy_features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Features (n, feature_dim) for the actor's head while acting, of pixels float (n, channels, height, width)."""
        features: torch.Tensor = self.policy_encoder()(pixels)
        return features

    @abstractmethod
    def actor_loss_features(self, pixels: torch.Tensor) -> Features:
        """Features of actor and critic in the actor's loss."""

    @abstractmethod
    def target_features(self, pixels: torch.Tensor) -> Features:
        """Features of target actor and target critic, of the next images."""


class Separate(GradientRouting):
    """An encoder each. The actor's learns from the policy gradient, which reaches it through the action alone."""

    def actor_loss_features(self, pixels: torch.Tensor) -> Features:
        """Each has its own; no gradient flows into the critic's."""
        with torch.no_grad():
            critic = self.critic.encoder(pixels)
        return Features(self.actor.encoder(pixels), critic)

    def target_features(self, pixels: torch.Tensor) -> Features:
        return Features(self.actor_target.encoder(pixels), self.critic_target.encoder(pixels))


class CriticOwned(GradientRouting):
    """The critic owns the convolutions; the actor's trunk and head learn from their outputs, detached.

    As in SAC-AE (Yarats et al. 2019, arXiv:1910.01741) and DrQ-v2, whose trunks are separate too.
    """

    def _actor_encoder(self, network: Network, image_shape: ImageShape) -> nn.Module:
        return Encoder(network, image_shape).trunk

    def actor_modules(self) -> dict[str, list[nn.Parameter]]:
        """The actor has no convolutions of its own."""
        return {ACTOR_MLP: list(self.actor.parameters())}

    def policy_encoder(self) -> nn.Module:
        """The actor's trunk on the critic's convolutions."""
        return nn.Sequential(self.critic.encoder.convolutions, self.actor.encoder)

    def actor_loss_features(self, pixels: torch.Tensor) -> Features:
        """Both trunks on the same convolution outputs, which get no gradient."""
        with torch.no_grad():
            seen = self.critic.encoder.convolutions(pixels)
            critic = self.critic.encoder.trunk(seen)
        return Features(self.actor.encoder(seen), critic)

    def target_features(self, pixels: torch.Tensor) -> Features:
        """Both target trunks on the target critic's convolutions."""
        seen = self.critic_target.encoder.convolutions(pixels)
        return Features(self.actor_target.encoder(seen), self.critic_target.encoder.trunk(seen))


class Entangled(GradientRouting):
    """The actor's loss also reaches its encoder through the state input of Q, and there are no target encoders.

    Wrong, and kept so that the explosion which follows can be shown: the actor lowers its loss without limit by inflating
    the features that Q is given.
    """

    def _target(self, online: Online) -> Online:
        target = super()._target(online)
        target.encoder = nn.Identity()  # type: ignore[assignment]
        return target

    def actor_loss_features(self, pixels: torch.Tensor) -> Features:
        """Both get the actor's features, and both send gradients into them."""
        features = self.actor.encoder(pixels)
        return Features(features, features)

    def target_features(self, pixels: torch.Tensor) -> Features:
        """Both targets get the features of the online critic."""
        features = self.critic.encoder(pixels)
        return Features(features, features)


def _with_weights(modules: dict[str, nn.Module]) -> dict[str, list[nn.Parameter]]:
    """The parameters of the modules that have some, by name."""
    parameters = {name: list(module.parameters()) for name, module in modules.items()}
    return {name: weights for name, weights in parameters.items() if weights}


ROUTINGS: dict[str, type[GradientRouting]] = {"separate": Separate, "critic_owned": CriticOwned, "entangled": Entangled}
