"""TD3: Fujimoto, van Hoof, Meger, "Addressing Function Approximation Error in Actor-Critic Methods", ICML 2018
(arXiv:1802.09477), algorithm 1, on images.

With one critic, no target noise and ``policy_freq=1`` it is DDPG (Lillicrap et al. 2016, arXiv:1509.02971). What the
encoders learn from is said in routing.py.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from av_td3 import metrics
from av_td3.agents.alerts import AlertCounter
from av_td3.agents.augmentation import random_shift
from av_td3.agents.clipping import ClipReport
from av_td3.agents.compute import Compute
from av_td3.agents.measurements import Measurements
from av_td3.agents.optimization import NetworkStep, StepReport
from av_td3.agents.routing import ROUTINGS
from av_td3.agents.td3_config import TD3Config
from av_td3.config.action import Action
from av_td3.config.alerts import Alerts
from av_td3.config.experiment import Logging
from av_td3.config.network import Network
from av_td3.config.observation import Observation
from av_td3.replay.buffer import Batch


class CriticOutcome(NamedTuple):
    """The critic's loss and what it came from: Q of the replayed actions (critics, n), and their target (n,)."""

    loss: torch.Tensor
    q: torch.Tensor
    target: torch.Tensor


class ActorOutcome(NamedTuple):
    """The actor's loss and what it came from: its outputs (n, action size) before the tanh, and Q (n,) of its actions."""

    loss: torch.Tensor
    pre_tanh: torch.Tensor
    q: torch.Tensor


class TD3:
    """The learner. Its state is what ``state_dict`` returns."""

    def __init__(
        self,
        config: TD3Config,
        *,
        network: Network,
        observation: Observation,
        action: Action,
        alerts: Alerts,
        logging: Logging,
        compute: Compute,
        seed: int,
    ):
        self._config = config
        self._compute = compute
        self._random_shift = network.random_shift
        self._update_ratio_every = logging.update_ratio_every
        torch.manual_seed(seed)
        routing = ROUTINGS[network.gradient_routing]
        self._routing = routing(network, config.critics, observation.image_shape, observation.vector_size, action.size)
        self._action_names = action.names
        self._routing.place(compute.device)
        self.actor, self.critic = self._routing.actor, self._routing.critic
        self.actor_target, self.critic_target = self._routing.actor_target, self._routing.critic_target
        self._followed = _followed(self.actor_target, self.actor), _followed(self.critic_target, self.critic)

        rates = {
            metrics.ACTOR_CNN: config.actor_cnn_lr,
            metrics.ACTOR_MLP: config.actor_lr,
            metrics.CRITIC_CNN: config.critic_cnn_lr,
            metrics.CRITIC_MLP: config.critic_lr,
        }
        clipping = config.gradient_clipping
        self._step_actor = NetworkStep(config, clipping.actor_max_norm, self._routing.actor_modules(), rates)
        self._step_critic = NetworkStep(config, clipping.critic_max_norm, self._routing.critic_modules(), rates)
        self._critic_loss = compute.compiled(self._plain_critic_loss)
        self._actor_loss = compute.compiled(self._plain_actor_loss)
        self._noise = torch.Generator(compute.device).manual_seed(seed)
        self._buffers: dict[str, torch.Tensor] = {}
        self._alerts = AlertCounter(alerts)
        self.updates = 0
        self.measurements = Measurements()

    # -- acting --------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def act(self, observation: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The policy's action float32 (action size,) for one observation, without noise."""
        pixels = self._pixels(torch.from_numpy(observation["image"])[None].to(self._compute.device), "acting")
        vector = torch.from_numpy(observation["vector"])[None].to(self._compute.device)
        with self._compute.autocast():
            action = self.actor.act(self._routing.to_act(pixels), vector)
        return np.asarray(action[0].float().cpu().numpy())

    def _pixels(self, image: torch.Tensor, buffer: str) -> torch.Tensor:
        """Stored frames uint8 (n, channels, height, width) as float in [0, 1], in the layout that convolutions like best.

        The result lies in a buffer that the next call with the same name overwrites: a fresh 29 MB for every batch would
        spend as long on page faults as a convolution takes. Bytes are put in order before they grow to floats.
        """
        stacked = torch.stack(image.unbind(1), dim=-1)
        pixels = self._buffers.get(buffer)
        if pixels is None or pixels.shape != stacked.shape:
            pixels = self._buffers[buffer] = torch.empty(stacked.shape, device=self._compute.device)
        return pixels.copy_(stacked).div_(255.0).permute(0, 3, 1, 2)

    # -- learning ------------------------------------------------------------------------------------------------------

    def update(self, batch: Batch) -> None:
        """One critic update; every ``policy_freq``-th time also one of the actor and the targets."""
        batch = batch.to(self._compute.device)
        pixels = self._pixels(self._shifted(batch.image), "observation")
        q_on_data = self._update_critic(pixels, batch)
        self.updates += 1
        if self.updates % self._config.policy_freq == 0:
            self._update_actor(pixels, batch.vector, q_on_data)
            self._move_targets()

    def _shifted(self, image: torch.Tensor) -> torch.Tensor:
        return random_shift(image, self._random_shift, self._noise) if self._random_shift else image

    @torch.no_grad()
    def _target(self, batch: Batch) -> torch.Tensor:
        """Y = r + gamma min(Q1', Q2')(s', pi'(s') + clipped noise), equation in algorithm 1; gamma is 0 after a terminal."""
        pixels = self._pixels(self._shifted(batch.next_image), "next observation")
        noise = torch.empty_like(batch.action).normal_(generator=self._noise).mul_(self._config.policy_noise)
        noise.clamp_(-self._config.noise_clip, self._config.noise_clip)
        with self._compute.autocast():
            seen = self._routing.in_target(pixels)
            action = (self.actor_target.act(seen.actor, batch.next_vector).float() + noise).clamp_(-1.0, 1.0)
            q = self.critic_target.q(seen.critic, batch.next_vector, action)
        return batch.reward + batch.discount * q.float().amin(dim=0)

    def _plain_critic_loss(self, pixels: torch.Tensor, vector: torch.Tensor, action: torch.Tensor, target: torch.Tensor) -> Any:
        """Squared errors of all Q functions against the target, averaged over the batch and added up."""
        with self._compute.autocast():
            q = self.critic.q(self.critic.encoder(pixels), vector, action)
        return CriticOutcome((q.float() - target).square().mean(dim=1).sum(), q.float(), target)

    def _plain_actor_loss(self, pixels: torch.Tensor, vector: torch.Tensor) -> Any:
        """Minus Q1 of the policy's actions.

        The square of the pre-tanh output is added, so that the tanh keeps a gradient (Andrychowicz et al. 2017,
        arXiv:1707.01495, appendix A).
        """
        with self._compute.autocast():
            seen = self._routing.in_actor_loss(pixels)
            pre_tanh = self.actor.pre_tanh(seen.actor, vector)
            q = self.critic.first_q(seen.critic, vector, torch.tanh(pre_tanh))
        pre_tanh, q = pre_tanh.float(), q.float()
        return ActorOutcome(self._config.pre_tanh_penalty * pre_tanh.square().mean() - q.mean(), pre_tanh, q)

    def _update_critic(self, pixels: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Regress the Q functions on the target; returns mean |Q1| on the batch."""
        outcome = self._critic_loss(pixels, batch.vector, batch.action, self._target(batch))
        step = self._step_critic(outcome.loss, measure_update=self._measures_update)
        return self._record_critic(outcome, step)

    def _update_actor(self, pixels: torch.Tensor, vector: torch.Tensor, q_on_data: torch.Tensor) -> None:
        """Ascend Q1 of the policy's actions."""
        outcome = self._actor_loss(pixels, vector)
        step = self._step_actor(outcome.loss, measure_update=self._measures_update)
        self._record_actor(outcome, step, q_on_data)

    @property
    def _measures_update(self) -> bool:
        return self.updates % self._update_ratio_every < self._config.policy_freq

    @torch.no_grad()
    def _move_targets(self) -> None:
        """Polyak average: target <- (1 - tau) target + tau live."""
        for targets, live in self._followed:
            torch._foreach_lerp_(targets, live, self._config.tau)

    # -- measuring -----------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def _record_critic(self, outcome: CriticOutcome, step: StepReport) -> torch.Tensor:
        q, target = outcome.q.detach(), outcome.target
        values = dict(zip(metrics.Q_VALUES, q.mean(dim=1), strict=False))  # a lone critic has the first
        if len(q) == 2:
            values[metrics.Q1_Q2_DIFF] = (q[0] - q[1]).abs().mean()
        values[metrics.CRITIC_LOSS] = outcome.loss.detach()
        values[metrics.TARGET_Q_MEAN] = target.mean()
        values[metrics.TD_ERROR] = (q[0] - target).abs().mean()
        magnitude = q[0].abs().mean()
        self._record(metrics.CRITIC, values, step, self._alerts.values(magnitude))
        return magnitude

    @torch.no_grad()
    def _record_actor(self, outcome: ActorOutcome, step: StepReport, q_on_data: torch.Tensor) -> None:
        action = torch.tanh(outcome.pre_tanh)
        saturation = (action.abs() > self._alerts.saturation_level).float().mean()
        values = {
            metrics.ACTOR_LOSS: outcome.loss.detach(),
            metrics.ACTOR_Q_MEAN: outcome.q.mean(),
            metrics.ACTION_SATURATION: saturation,
            metrics.ACTOR_PRE_TANH_ABS: outcome.pre_tanh.abs().mean(),
        }
        values |= {metrics.action_mean(name): action[:, i].mean() for i, name in enumerate(self._action_names)}
        self._record(metrics.ACTOR, values, step, self._alerts.policy(saturation, outcome.q.abs().mean(), q_on_data))

    def _record(self, network: str, values: dict[str, torch.Tensor], step: StepReport, alerts: dict[str, torch.Tensor]) -> None:
        norms = _norms(network, step.clip)
        before, after = step.clip.before.total, step.clip.after.total
        values |= norms
        values |= {metrics.module_norm(name): norm for name, norm in step.clip.after.modules.items()}
        values[metrics.grad_clip_ratio(network)] = after / before.clamp(min=1e-12)
        values[metrics.clipped_fraction(network)] = after < before * (1.0 - 1e-6)
        counts = alerts | self._alerts.gradients(network, step.clip, step.finite)
        peaks = norms | {metrics.NON_FINITE_IN_A_ROW: step.non_finite_in_a_row}
        self.measurements.record(network, means=values, peaks=peaks, counts=counts)
        if step.update_ratios:
            self.measurements.record(f"{network} step", means=step.update_ratios)

    # -- state ---------------------------------------------------------------------------------------------------------

    def is_finite(self) -> bool:
        """Whether every weight is a number. Waits for the device."""
        parameters = [*self.actor.parameters(), *self.critic.parameters()]
        return bool(torch.stack([torch.isfinite(p).all() for p in parameters]).all())

    def state_dict(self) -> dict[str, Any]:
        """All that learning depends on: networks, targets, optimizers, noise, counters."""
        return {
            "actor": self.actor.state_dict(),
            "critic": self.critic.state_dict(),
            "actor_target": self.actor_target.state_dict(),
            "critic_target": self.critic_target.state_dict(),
            "actor_step": self._step_actor.state_dict(),
            "critic_step": self._step_critic.state_dict(),
            "noise": self._noise.get_state(),
            "alerts": self._alerts.state_dict(),
            "measurements": self.measurements.state_dict(),
            "updates": self.updates,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state written by ``state_dict``."""
        self.actor.load_state_dict(state["actor"])
        self.critic.load_state_dict(state["critic"])
        self.actor_target.load_state_dict(state["actor_target"])
        self.critic_target.load_state_dict(state["critic_target"])
        self._step_actor.load_state_dict(state["actor_step"])
        self._step_critic.load_state_dict(state["critic_step"])
        self._noise.set_state(state["noise"].cpu())
        self._alerts.load_state_dict({name: dead.to(self._compute.device) for name, dead in state["alerts"].items()})
        self.measurements.load_state_dict(state["measurements"], self._compute.device)
        self.updates = state["updates"]


def _followed(target: torch.nn.Module, live: torch.nn.Module) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The target's parameters, and the live ones that they follow."""
    names = [name for name, _ in target.named_parameters()]
    return [target.get_parameter(name) for name in names], [live.get_parameter(name) for name in names]


def _norms(network: str, report: ClipReport) -> dict[str, torch.Tensor]:
    """Norms of a network and its modules before and after the clip, by tag."""
    norms = {}
    for when, measured in zip(metrics.WHEN, (report.before, report.after), strict=True):
        for name, norm in {network: measured.total, **measured.modules}.items():
            norms[metrics.grad_norm(name, when)] = norm
    return norms
