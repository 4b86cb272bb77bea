"""TD3: Fujimoto, van Hoof, Meger, "Addressing Function Approximation Error in Actor-Critic Methods", ICML 2018
(arXiv:1802.09477), algorithm 1, on images.

Actor and critic have an encoder each ("separate" gradient routing). The actor's learns from the policy gradient through the
action alone; in the actor's loss the critic sees its own features of the image, and no gradient goes into them. Otherwise
the actor could lower its loss without limit by inflating what the critic sees, instead of acting better.
"""

import copy
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from av_td3.agent.alerts import AlertCounter
from av_td3.agent.clipping import ClipReport, GradientClipper
from av_td3.agent.compute import Compute
from av_td3.agent.measurements import Measurements
from av_td3.agent.networks import Actor, Critic, frozen
from av_td3.config import Alerts, Algorithm, Logging, Network
from av_td3.replay import Batch


class TD3:
    """The learner. Its state is what ``state_dict`` returns."""

    def __init__(
        self,
        config: Algorithm,
        network: Network,
        alerts: Alerts,
        logging: Logging,
        compute: Compute,
        vector_size: int,
        action_size: int,
        seed: int,
    ):
        self._config = config
        self._compute = compute
        self._update_ratio_every = logging.update_ratio_every
        torch.manual_seed(seed)
        self.actor = self._place(Actor(network, vector_size, action_size))
        self.critic = self._place(Critic(network, vector_size, action_size))
        self.actor_target = copy.deepcopy(self.actor).requires_grad_(False)
        self.critic_target = copy.deepcopy(self.critic).requires_grad_(False)

        self._modules: dict[str, list[nn.Parameter]] = {
            "actor_cnn": list(self.actor.encoder.parameters()),
            "actor_mlp": list(self.actor.head.parameters()),
            "critic_cnn": list(self.critic.encoder.parameters()),
            "critic_mlp": [*self.critic.q1.parameters(), *self.critic.q2.parameters()],
        }
        self._actor_optimizer = self._adam(actor_cnn=config.actor_cnn_lr, actor_mlp=config.actor_lr)
        self._critic_optimizer = self._adam(critic_cnn=config.critic_cnn_lr, critic_mlp=config.critic_lr)
        clipping = config.gradient_clipping
        self._clip_actor = self._clipper(clipping.actor_max_norm, "actor_cnn", "actor_mlp")
        self._clip_critic = self._clipper(clipping.critic_max_norm, "critic_cnn", "critic_mlp")
        self._noise = torch.Generator(compute.device).manual_seed(seed)
        self._buffers: dict[str, torch.Tensor] = {}
        self.updates = 0
        self.measurements = Measurements()
        self._alerts = AlertCounter(alerts, self.measurements)

    def _place(self, network: Any) -> Any:
        return network.to(self._compute.device, memory_format=torch.channels_last)

    def _adam(self, **learning_rates: float) -> torch.optim.Adam:
        groups = [{"params": self._modules[name], "lr": lr} for name, lr in learning_rates.items()]
        return torch.optim.Adam(groups, foreach=True)

    def _clipper(self, max_norm: float, *names: str) -> GradientClipper:
        return GradientClipper(self._config.gradient_clipping, max_norm, {name: self._modules[name] for name in names})

    # -- acting --------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def act(self, observation: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The policy's action float32 (2,) for one observation, without noise."""
        pixels = self._pixels(torch.from_numpy(observation["image"])[None], "acting")
        vector = torch.from_numpy(observation["vector"])[None].to(self._compute.device)
        with self._compute.autocast():
            action = self.actor(pixels, vector)
        return np.asarray(action[0].float().cpu().numpy())

    def _pixels(self, image: torch.Tensor, buffer: str) -> torch.Tensor:
        """Stored frames uint8 (n, 4, 84, 84) as float in [0, 1], in the layout that convolutions like best.

        The result lies in a buffer that the next call with the same name overwrites: a fresh 29 MB for every batch would
        spend as long on page faults as a convolution takes.
        """
        pixels = self._buffers.get(buffer)
        if pixels is None or pixels.shape != image.shape:
            pixels = torch.empty(image.shape, device=self._compute.device, memory_format=torch.channels_last)
            self._buffers[buffer] = pixels
        return pixels.copy_(image).div_(255.0)

    # -- learning ------------------------------------------------------------------------------------------------------

    def update(self, batch: Batch) -> None:
        """One critic update; every ``policy_freq``-th time also one of the actor and the targets."""
        batch = batch.to(self._compute.device)
        pixels = self._pixels(batch.image, "observation")
        q_on_data = self._update_critic(pixels, batch)
        self.updates += 1
        if self.updates % self._config.policy_freq == 0:
            self._update_actor(pixels, batch.vector, q_on_data)
            self._move_targets()

    @torch.no_grad()
    def _target(self, batch: Batch) -> torch.Tensor:
        """Y = r + gamma (1 - terminated) min(Q1', Q2')(s', pi'(s') + clipped noise), equation in algorithm 1."""
        pixels = self._pixels(batch.next_image, "next observation")
        noise = torch.empty_like(batch.action).normal_(generator=self._noise).mul_(self._config.policy_noise)
        noise.clamp_(-self._config.noise_clip, self._config.noise_clip)
        with self._compute.autocast():
            action = (self.actor_target(pixels, batch.next_vector).float() + noise).clamp_(-1.0, 1.0)
            q1, q2 = self.critic_target(pixels, batch.next_vector, action)
        future = torch.minimum(q1, q2).float()
        return batch.reward + self._config.discount * (1.0 - batch.terminated) * future

    def _update_critic(self, pixels: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Regress both Q functions on the target; returns mean |Q1| on the batch."""
        target = self._target(batch)
        with self._compute.autocast():
            q1, q2 = self.critic(pixels, batch.vector, batch.action)
        q1, q2 = q1.float(), q2.float()
        loss = F.mse_loss(q1, target) + F.mse_loss(q2, target)
        self._critic_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        report = self._clip_critic()
        self._step(self._critic_optimizer, "critic_cnn", "critic_mlp")

        magnitude: torch.Tensor = q1.detach().abs().mean()
        mean = self.measurements.mean
        mean("train/critic_loss", loss)
        mean("train/q1_value", q1.mean())
        mean("train/q2_value", q2.mean())
        mean("debug/target_q_mean", target.mean())
        mean("debug/q1_q2_diff", (q1 - q2).detach().abs().mean())
        mean("debug/td_error", (q1.detach() - target).abs().mean())
        self._report_gradients("critic", report, self._config.gradient_clipping.critic_max_norm)
        self._alerts.gradients("critic_", report)
        self._alerts.values(magnitude, loss)
        return magnitude

    def _update_actor(self, pixels: torch.Tensor, vector: torch.Tensor, q_on_data: torch.Tensor) -> None:
        """Ascend Q1 of the policy's actions, through the actions alone.

        The square of the pre-tanh output is added to the loss, so that the tanh keeps a gradient (Andrychowicz et al.
        2017, arXiv:1707.01495, appendix A).
        """
        with self._compute.autocast():
            pre_tanh = self.actor.pre_tanh(pixels, vector)
            action = torch.tanh(pre_tanh)
            with torch.no_grad():
                features = self.critic.encoder(pixels)
            with frozen(self.critic.q1):
                q = self.critic.q1(torch.cat([features, vector, action], dim=1))
        loss = -q.float().mean() + self._config.pre_tanh_penalty * pre_tanh.float().square().mean()
        self._actor_optimizer.zero_grad()
        loss.backward()
        report = self._clip_actor()
        self._step(self._actor_optimizer, "actor_cnn", "actor_mlp")

        action = action.detach().float()
        saturation = (action.abs() > self._alerts.saturation_level).float().mean()
        mean = self.measurements.mean
        mean("train/actor_loss", loss)
        mean("debug/actor_q_mean", q.mean())
        mean("debug/action_saturation", saturation)
        mean("debug/actor_pre_tanh_abs", pre_tanh.float().abs().mean())
        mean("debug/action_steering_mean", action[:, 0].mean())
        mean("debug/action_pedal_mean", action[:, 1].mean())
        self._report_gradients("actor", report, self._config.gradient_clipping.actor_max_norm)
        self._alerts.gradients("", report)
        self._alerts.policy(saturation, q.detach().float().abs().mean(), q_on_data)

    def _step(self, optimizer: torch.optim.Adam, *names: str) -> None:
        """Take the step; now and then measure how large it was beside the weights it changed."""
        if self.updates % self._update_ratio_every >= self._config.policy_freq:
            optimizer.step()
            return
        before = {name: [p.detach().clone() for p in self._modules[name]] for name in names}
        optimizer.step()
        for name, old in before.items():
            change = torch._foreach_sub([p.detach() for p in self._modules[name]], old)
            ratio = torch.stack(torch._foreach_norm(change)).norm() / torch.stack(torch._foreach_norm(old)).norm()
            self.measurements.mean(f"debug/{name}_update_ratio", ratio)

    @torch.no_grad()
    def _move_targets(self) -> None:
        """Polyak average: target <- (1 - tau) target + tau live."""
        for target, live in ((self.actor_target, self.actor), (self.critic_target, self.critic)):
            torch._foreach_lerp_(list(target.parameters()), list(live.parameters()), self._config.tau)

    def _report_gradients(self, network: str, report: ClipReport, limit: float) -> None:
        m, before, after = self.measurements, report.before, report.after
        named = [(network, before.total, after.total)]
        named += [(name, before.modules[name], after.modules[name]) for name in before.modules]
        for name, norm_before, norm_after in named:
            for tag, norm in (("BEFORE", norm_before), ("AFTER", norm_after)):
                m.mean(f"debug/{name}_grad_norm_{tag}_clip", norm)
                m.peak(f"debug/{name}_grad_norm_{tag}_clip", norm)
        for name, norm in after.modules.items():
            m.mean(f"gradients/{name}_norm", norm)
            m.peak(f"gradients/{name}_norm", norm)
        m.mean(f"debug/{network}_grad_clip_ratio", after.total / before.total.clamp(min=1e-12))
        m.mean(f"debug/{network}_clipped_fraction", (after.total < before.total * (1.0 - 1e-6)).float())

    # -- state ---------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All that learning depends on: networks, targets, optimizers, noise, counters."""
        return {
            "actor": self.actor.state_dict(),
            "critic": self.critic.state_dict(),
            "actor_target": self.actor_target.state_dict(),
            "critic_target": self.critic_target.state_dict(),
            "actor_optimizer": self._actor_optimizer.state_dict(),
            "critic_optimizer": self._critic_optimizer.state_dict(),
            "noise": self._noise.get_state(),
            "alerts": self._alerts.state_dict(),
            "updates": self.updates,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state written by ``state_dict``."""
        self.actor.load_state_dict(state["actor"])
        self.critic.load_state_dict(state["critic"])
        self.actor_target.load_state_dict(state["actor_target"])
        self.critic_target.load_state_dict(state["critic_target"])
        self._actor_optimizer.load_state_dict(state["actor_optimizer"])
        self._critic_optimizer.load_state_dict(state["critic_optimizer"])
        self._noise.set_state(state["noise"].cpu())
        self._alerts.load_state_dict(state["alerts"])
        self.updates = state["updates"]
