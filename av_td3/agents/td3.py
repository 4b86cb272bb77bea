"""TD3: Fujimoto, van Hoof, Meger, "Addressing Function Approximation Error in Actor-Critic Methods", ICML 2018
(arXiv:1802.09477), algorithm 1, on images.

With one critic, no target noise and ``policy_freq=1`` it is DDPG (Lillicrap et al. 2016, arXiv:1509.02971). Which loss trains
which encoder is decided in routing.py; measuring is the monitor's, in monitor.py.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from typing_extensions import Self

from av_td3 import metrics
from av_td3.agents.augmentation import random_shift
from av_td3.agents.clipped_optimizer import ClippedOptimizer
from av_td3.agents.compute import Compute
from av_td3.agents.interleaving import interleave
from av_td3.agents.monitor import Monitor
from av_td3.agents.policy_module import PolicyModule, VectorPolicyModule
from av_td3.agents.routing import ROUTINGS, GradientRouting
from av_td3.agents.td3_config import TD3Config
from av_td3.agents.td3_update import ActorUpdate, CriticUpdate, TD3Update
from av_td3.config.experiment import Config
from av_td3.replay.buffer import Batch

NO_IMAGE = np.zeros((0, 1, 1), np.uint8)  # of an observation without a camera


class CriticLoss(NamedTuple):
    """The critic's loss (scalar), Q of the replayed actions (critics, n), and the features that its heads got (n, features)."""

    loss: torch.Tensor
    q: torch.Tensor
    features: torch.Tensor


class ActorLoss(NamedTuple):
    """The actor's loss (scalar), its outputs before the tanh (n, action size), and Q1 of its actions (n,)."""

    loss: torch.Tensor
    pre_tanh: torch.Tensor
    q: torch.Tensor


class TD3:
    """The learner. Its state is what ``state_dict`` returns.

    Args:
        config: the algorithm's keys.
        networks: actor, critic and their targets. They are moved to the device of ``compute``.
        random_shift: pixels by which images are shifted at random in updates (Kostrikov et al. 2020, arXiv:2004.13649).
        monitor: measures each update.
        compute: device and number format.
        seed: of the target policy's noise and of the random shifts.
        planned_updates: of the whole run, over which the learning rates are annealed.

    """

    progress_tags: Mapping[str, str] = {
        "actor loss": metrics.ACTOR_LOSS,
        "critic loss": metrics.CRITIC_LOSS,
        "saturated": metrics.ACTION_SATURATION,
        "actor norm": metrics.grad_norm(metrics.ACTOR, "BEFORE"),
        "critic norm": metrics.grad_norm(metrics.CRITIC, "BEFORE"),
    }

    def __init__(
        self,
        config: TD3Config,
        networks: GradientRouting,
        *,
        random_shift: int,
        monitor: Monitor,
        compute: Compute,
        seed: int,
        planned_updates: int,
    ):
        self.config = config
        self._networks = networks
        self._random_shift = random_shift
        self._planned_updates = planned_updates
        self._lr_factor = 1.0
        self._monitor = monitor
        self._compute = compute
        networks.place(compute.device)
        self.actor, self.critic = networks.actor, networks.critic
        self.actor_target, self.critic_target = networks.actor_target, networks.critic_target
        self._target_pairs = target_pairs(self.actor_target, self.actor), target_pairs(self.critic_target, self.critic)

        rates = {
            metrics.ACTOR_CNN: config.actor_cnn_lr,
            metrics.ACTOR_MLP: config.actor_lr,
            metrics.CRITIC_CNN: config.critic_cnn_lr,
            metrics.CRITIC_MLP: config.critic_lr,
        }
        clipping = config.gradient_clipping
        self.actor_optimizer = ClippedOptimizer(config, clipping.actor_max_norm, networks.actor_modules(), rates)
        self.critic_optimizer = ClippedOptimizer(config, clipping.critic_max_norm, networks.critic_modules(), rates)
        self._critic_loss = compute.compiled(self.compute_critic_loss)
        self._actor_loss = compute.compiled(self.compute_actor_loss)
        self._noise = torch.Generator(compute.device).manual_seed(seed)
        self._buffers: dict[str, torch.Tensor] = {}
        self.updates = 0

    @classmethod
    def from_config(cls, algorithm: TD3Config, config: Config, compute: Compute) -> Self:
        """Build networks with fresh weights and the monitor; all follow from ``config.seed``."""
        torch.manual_seed(config.seed)
        network, observation, action = config.network, config.observation, config.action
        routing = ROUTINGS[network.gradient_routing]
        networks = routing(network, algorithm.critics, observation.image_shape, observation.vector_size, action.size)
        every = config.logging.update_ratio_every
        monitor = Monitor(config.alerts, action.names, observation.vector_sizes, every, algorithm.policy_freq)
        return cls(
            algorithm,
            networks,
            random_shift=network.random_shift,
            monitor=monitor,
            compute=compute,
            seed=config.seed,
            planned_updates=algorithm.planned_updates(config.total_steps),
        )

    # -- acting --------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def act(self, observation: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The policy's action without noise: float32 (action size,) for ``vector`` and, with a camera, ``image``."""
        image = observation.get("image", NO_IMAGE)
        pixels = self.pixels(torch.from_numpy(image)[None].to(self._compute.device), "acting")
        vector = torch.from_numpy(observation["vector"])[None].to(self._compute.device)
        with self._compute.autocast():
            action = self.actor.act(self._networks.policy_features(pixels), vector)
        return np.asarray(action[0].float().cpu().numpy())

    def pixels(self, image: torch.Tensor, buffer: str) -> torch.Tensor:
        """Images uint8 (n, channels, height, width) in [0, 1], in the number format and memory layout of the convolutions.

        The result lies in a buffer that the next call with the same name overwrites: a fresh 29 MB for every batch would
        spend as long on page faults as a convolution takes. Bytes are put in order before they grow to floats.
        """
        stacked = interleave(image)
        pixels = self._buffers.get(buffer)
        if pixels is None or pixels.shape != stacked.shape:
            pixels = self._buffers[buffer] = torch.empty(
                stacked.shape, dtype=self._compute.pixel_format, device=self._compute.device
            )
        return pixels.copy_(stacked).div_(255.0).permute(0, 3, 1, 2)

    def policy_module(self) -> PolicyModule | VectorPolicyModule:
        """The policy as a module of its own, for export; later updates do not change it."""
        encoder, head = self._networks.policy_encoder(), self.actor.head
        return PolicyModule(encoder, head) if list(encoder.parameters()) else VectorPolicyModule(head)

    # -- learning ------------------------------------------------------------------------------------------------------

    def update(self, batch: Batch) -> TD3Update:
        """One step of the critic; every ``policy_freq``-th time also one of the actor and of the targets."""
        self._anneal()
        batch = batch.to(self._compute.device)
        pixels = self.pixels(self._augment(batch.image), "observation")
        critic, actor = self.update_critic(pixels, batch), None
        self.updates += 1
        if self.updates % self.config.policy_freq == 0:
            actor = self.update_actor(pixels, batch.vector)
            self._update_targets()
        update = TD3Update(critic, actor)
        self._monitor.record(update)
        return update

    def _anneal(self) -> None:
        """Lower the learning rates linearly to ``lr_end_factor`` at the last planned update."""
        done = min(1.0, self.updates / self._planned_updates)
        self._lr_factor = 1.0 + done * (self.config.lr_end_factor - 1.0)
        for optimizer in (self.actor_optimizer, self.critic_optimizer):
            optimizer.scale_rates(self._lr_factor)

    def update_critic(self, pixels: torch.Tensor, batch: Batch) -> CriticUpdate:
        """Regress the Q functions on the target, on pixels float (n, channels, height, width) in [0, 1]."""
        target = self.compute_target(batch)
        loss, q, features = self._critic_loss(pixels, batch.vector, batch.action, target)
        measured = self._monitor.wants_update_ratio(self.updates)
        spreads = self._monitor.input_spreads(features, batch.vector) if measured else {}
        stats = self.critic_optimizer.minimize(loss, measure_update_ratio=measured)
        return CriticUpdate(loss.detach(), q.detach(), target, stats, spreads)

    def update_actor(self, pixels: torch.Tensor, vector: torch.Tensor) -> ActorUpdate:
        """Ascend Q1 of the policy's actions."""
        loss, pre_tanh, q = self._actor_loss(pixels, vector)
        stats = self.actor_optimizer.minimize(loss, measure_update_ratio=self._monitor.wants_update_ratio(self.updates))
        return ActorUpdate(loss.detach(), pre_tanh.detach(), q.detach(), stats)

    @torch.no_grad()
    def compute_target(self, batch: Batch) -> torch.Tensor:
        """Target Q (n,): y = r + gamma min(Q1', Q2')(s', pi'(s') + clipped noise), algorithm 1; gamma is 0 after a terminal."""
        pixels = self.pixels(self._augment(batch.next_image), "next observation")
        noise = torch.empty_like(batch.action).normal_(generator=self._noise).mul_(self.config.policy_noise)
        noise.clamp_(-self.config.noise_clip, self.config.noise_clip)
        with self._compute.autocast():
            features = self._networks.target_features(pixels)
            action = (self.actor_target.act(features.actor, batch.next_vector).float() + noise).clamp_(-1.0, 1.0)
            q = self.critic_target.q(features.critic, batch.next_vector, action)
        return batch.reward + batch.discount * q.float().amin(dim=0)

    def compute_critic_loss(
        self, pixels: torch.Tensor, vector: torch.Tensor, action: torch.Tensor, target: torch.Tensor
    ) -> CriticLoss:
        """Mean squared error of each Q function against the target (n,), added up over the Q functions."""
        with self._compute.autocast():
            features = self.critic.encoder(pixels)
            q = self.critic.q(features, vector, action)
        return CriticLoss((q.float() - target).square().mean(dim=1).sum(), q.float(), features.detach())

    def compute_actor_loss(self, pixels: torch.Tensor, vector: torch.Tensor) -> ActorLoss:
        """Minus Q1 of the policy's actions.

        The square of the pre-tanh output is added, so that the tanh keeps a gradient (Andrychowicz et al. 2017,
        arXiv:1707.01495, appendix A).
        """
        with self._compute.autocast():
            features = self._networks.actor_loss_features(pixels)
            pre_tanh = self.actor.pre_tanh(features.actor, vector)
            q = self.critic.first_q(features.critic, vector, torch.tanh(pre_tanh))
        pre_tanh, q = pre_tanh.float(), q.float()
        return ActorLoss(self.config.pre_tanh_penalty * pre_tanh.square().mean() - q.mean(), pre_tanh, q)

    def _augment(self, image: torch.Tensor) -> torch.Tensor:
        shifts = self._random_shift and image.shape[1]
        return random_shift(image, self._random_shift, self._noise) if shifts else image

    @torch.no_grad()
    def _update_targets(self) -> None:
        """Polyak averaging: target <- (1 - tau) target + tau online."""
        for targets, online in self._target_pairs:
            torch._foreach_lerp_(targets, online, self.config.tau)

    def drain(self) -> dict[str, float]:
        """What the monitor measured since the last call, and the share of the learning rates that is left, by tag.

        Waits for the device.
        """
        return self._monitor.drain() | {metrics.LR_FACTOR: self._lr_factor}

    # -- state ---------------------------------------------------------------------------------------------------------

    def is_finite(self) -> bool:
        """Whether every weight is finite. Waits for the device."""
        parameters = [*self.actor.parameters(), *self.critic.parameters()]
        return bool(torch.stack([torch.isfinite(p).all() for p in parameters]).all())

    def state_dict(self) -> dict[str, Any]:
        """All that learning depends on: networks, targets, optimizers, noise, counters; and the monitor's state."""
        return {
            "actor": self.actor.state_dict(),
            "critic": self.critic.state_dict(),
            "actor_target": self.actor_target.state_dict(),
            "critic_target": self.critic_target.state_dict(),
            "actor_step": self.actor_optimizer.state_dict(),
            "critic_step": self.critic_optimizer.state_dict(),
            "noise": self._noise.get_state(),
            **self._monitor.state_dict(),
            "updates": self.updates,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
        self.load_weights(state)
        self.actor_optimizer.load_state_dict(state["actor_step"])
        self.critic_optimizer.load_state_dict(state["critic_step"])
        self._noise.set_state(state["noise"].cpu())
        self._monitor.load_state_dict(state, self._compute.device)
        self.updates = state["updates"]

    def load_weights(self, state: dict[str, Any]) -> None:
        """Load the networks and their targets of what ``state_dict`` returned, and nothing else."""
        self.actor.load_state_dict(state["actor"])
        self.critic.load_state_dict(state["critic"])
        self.actor_target.load_state_dict(state["actor_target"])
        self.critic_target.load_state_dict(state["critic_target"])


def target_pairs(target: torch.nn.Module, online: torch.nn.Module) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The target's parameters, and the online ones that they follow, in the same order."""
    names = [name for name, _ in target.named_parameters()]
    return [target.get_parameter(name) for name in names], [online.get_parameter(name) for name in names]
