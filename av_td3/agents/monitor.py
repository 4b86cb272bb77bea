"""Turns what an update of TD3 returns into measurements and alerts, on the device and without waiting for it."""

from collections.abc import Sequence
from typing import Any

import torch

from av_td3 import metrics
from av_td3.agents.alerts import AlertCounter
from av_td3.agents.clipped_optimizer import OptimizerStats
from av_td3.agents.clipping import ClipReport
from av_td3.agents.measurements import Measurements
from av_td3.agents.td3_update import ActorUpdate, CriticUpdate, TD3Update
from av_td3.config.alerts import Alerts


class Monitor:
    """Measures the updates of TD3.

    Args:
        alerts: thresholds of the alerts.
        action_names: names of the action's components, for their tags.
        update_ratio_every: updates between measurements of |step| / |weights|, which copy the weights.
        policy_freq: critic updates per actor update.

    """

    def __init__(self, alerts: Alerts, action_names: Sequence[str], update_ratio_every: int, policy_freq: int):
        self._alerts = AlertCounter(alerts)
        self._action_names = action_names
        self._update_ratio_every = update_ratio_every
        self._policy_freq = policy_freq
        self._measurements = Measurements()

    def wants_update_ratio(self, updates: int) -> bool:
        """Whether the next optimizer step, after so many updates, should measure |step| / |weights|."""
        return updates % self._update_ratio_every < self._policy_freq

    @torch.no_grad()
    def record(self, update: TD3Update) -> None:
        """Add one update to the measurements and alerts since the last ``drain``."""
        magnitude = self._record_critic(update.critic)
        if update.actor is not None:
            self._record_actor(update.actor, magnitude)

    def drain(self) -> dict[str, float]:
        """The measurements and alerts since the last call, by tag. Waits for the device."""
        return self._measurements.drain()

    def _record_critic(self, update: CriticUpdate) -> torch.Tensor:
        """Returns mean |Q1| of the replayed actions."""
        q, target = update.q, update.target
        values = dict(zip(metrics.Q_VALUES, q.mean(dim=1), strict=False))  # a single critic has the first only
        if len(q) == 2:
            values[metrics.Q1_Q2_DIFF] = (q[0] - q[1]).abs().mean()
        values[metrics.CRITIC_LOSS] = update.loss
        values[metrics.TARGET_Q_MEAN] = target.mean()
        values[metrics.TD_ERROR] = (q[0] - target).abs().mean()
        magnitude = q[0].abs().mean()
        self._record(metrics.CRITIC, values, update.stats, self._alerts.values(magnitude))
        return magnitude

    def _record_actor(self, update: ActorUpdate, q_on_data: torch.Tensor) -> None:
        action = torch.tanh(update.pre_tanh)
        saturation = (action.abs() > self._alerts.saturation_level).float().mean()
        values = {
            metrics.ACTOR_LOSS: update.loss,
            metrics.ACTOR_Q_MEAN: update.q.mean(),
            metrics.ACTION_SATURATION: saturation,
            metrics.ACTOR_PRE_TANH_ABS: update.pre_tanh.abs().mean(),
        }
        values |= {metrics.action_mean(name): action[:, i].mean() for i, name in enumerate(self._action_names)}
        alerts = self._alerts.policy(saturation, update.q.abs().mean(), q_on_data)
        self._record(metrics.ACTOR, values, update.stats, alerts)

    def _record(
        self, network: str, values: dict[str, torch.Tensor], stats: OptimizerStats, alerts: dict[str, torch.Tensor]
    ) -> None:
        norms = _norms(network, stats.clip)
        before, after = stats.clip.before.total, stats.clip.after.total
        values |= norms
        values |= {metrics.module_norm(name): norm for name, norm in stats.clip.after.modules.items()}
        values[metrics.grad_clip_ratio(network)] = after / before.clamp(min=1e-12)
        values[metrics.clipped_fraction(network)] = after < before * (1.0 - 1e-6)
        counts = alerts | self._alerts.gradients(network, stats.clip, stats.finite)
        peaks = norms | {metrics.NON_FINITE_IN_A_ROW: stats.non_finite_in_a_row}
        self._measurements.record(network, means=values, peaks=peaks, counts=counts)
        if stats.update_ratios:
            self._measurements.record(f"{network} step", means=stats.update_ratios)

    def state_dict(self) -> dict[str, Any]:
        """What was measured since the last ``drain``, and the alerts that are building up."""
        return {"alerts": self._alerts.state_dict(), "measurements": self._measurements.state_dict()}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """Restore what ``state_dict`` returned, on a device."""
        self._alerts.load_state_dict({name: dead.to(device) for name, dead in state["alerts"].items()})
        self._measurements.load_state_dict(state["measurements"], device)


def _norms(network: str, report: ClipReport) -> dict[str, torch.Tensor]:
    """Norms of a network and its modules before and after the clip, by tag."""
    norms = {}
    for when, measured in zip(metrics.WHEN, (report.before, report.after), strict=True):
        for name, norm in {network: measured.total, **measured.modules}.items():
            norms[metrics.grad_norm(name, when)] = norm
    return norms
