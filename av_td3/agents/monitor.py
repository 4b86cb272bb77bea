"""Turns what updates of TD3 return into measurements and alerts, on the device and without waiting for it.

One update at a time, its cost would be that of launching a hundred small kernels, a fifth of an update on a GPU. So updates are
kept as they are, and measured many at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from av_td3 import metrics
from av_td3.agents.alerts import AlertCounter
from av_td3.agents.clipped_optimizer import OptimizerStats
from av_td3.agents.clipping import ClipReport, Norms
from av_td3.agents.input_spreads import input_spreads
from av_td3.agents.measurements import Measurements
from av_td3.agents.td3_update import ActorUpdate, CriticUpdate, TD3Update
from av_td3.config.alerts import Alerts

MAX_PENDING = 32  # updates that are kept until they are measured together


class Monitor:
    """Measures the updates of TD3.

    Args:
        alerts: thresholds of the alerts.
        action_names: names of the action's components, for their tags.
        vector_sizes: how many numbers each entry of the observation's vector has, in order.
        update_ratio_every: updates between measurements of |step| / |weights|, which copy the weights, and of the inputs.
        policy_freq: critic updates per actor update.

    """

    def __init__(
        self,
        alerts: Alerts,
        action_names: Sequence[str],
        vector_sizes: Mapping[str, int],
        update_ratio_every: int,
        policy_freq: int,
    ):
        self._alerts = AlertCounter(alerts)
        self._action_names = action_names
        self._vector_sizes = vector_sizes
        self._update_ratio_every = update_ratio_every
        self._policy_freq = policy_freq
        self._measurements = Measurements()
        self._pending: list[TD3Update] = []

    def wants_update_ratio(self, updates: int) -> bool:
        """Whether the next update, after so many, should measure |step| / |weights| and the spreads of the critic's inputs."""
        return updates % self._update_ratio_every < self._policy_freq

    def input_spreads(self, features: torch.Tensor, vector: torch.Tensor) -> dict[str, torch.Tensor]:
        """The spreads of the inputs of the critic's heads by tag: features (n, features) and vector (n, numbers)."""
        return input_spreads(features, vector, self._vector_sizes)

    def record(self, update: TD3Update) -> None:
        """Add one update to the measurements and alerts since the last ``drain``."""
        self._pending.append(update)
        if len(self._pending) == MAX_PENDING:
            self._measure()

    def drain(self) -> dict[str, float]:
        """The measurements and alerts since the last call, by tag. Waits for the device."""
        self._measure()
        return self._measurements.drain()

    @torch.no_grad()
    def _measure(self) -> None:
        """Measure the pending updates. Below, the first dimension of every tensor is that of the updates."""
        updates, self._pending = self._pending, []
        if not updates:
            return
        q_on_data = self._record_critic([update.critic for update in updates])
        actor = [(update.actor, q) for update, q in zip(updates, q_on_data, strict=True) if update.actor is not None]
        if actor:
            self._record_actor([update for update, _ in actor], torch.stack([q for _, q in actor]))

    def _record_critic(self, updates: Sequence[CriticUpdate]) -> torch.Tensor:
        """Returns mean |Q1| of the replayed actions (updates,)."""
        q = torch.stack([update.q for update in updates])  # (updates, critics, n)
        target = torch.stack([update.target for update in updates])
        values = dict(zip(metrics.Q_VALUES, q.mean(dim=2).unbind(1), strict=False))  # a single critic has the first only
        if q.shape[1] == 2:
            values[metrics.Q1_Q2_DIFF] = (q[:, 0] - q[:, 1]).abs().mean(dim=1)
        values[metrics.CRITIC_LOSS] = torch.stack([update.loss for update in updates])
        values[metrics.TARGET_Q_MEAN] = target.mean(dim=1)
        values[metrics.TD_ERROR] = (q[:, 0] - target).abs().mean(dim=1)
        magnitude = q[:, 0].abs().mean(dim=1)
        self._record(metrics.CRITIC, values, [update.stats for update in updates], self._alerts.values(magnitude))
        for update in updates:
            if update.input_spreads:
                self._measurements.record("critic inputs", means=update.input_spreads)
        return magnitude

    def _record_actor(self, updates: Sequence[ActorUpdate], q_on_data: torch.Tensor) -> None:
        pre_tanh = torch.stack([update.pre_tanh for update in updates])  # (updates, n, action size)
        q = torch.stack([update.q for update in updates])
        action = torch.tanh(pre_tanh)
        saturation = (action.abs() > self._alerts.saturation_level).float().flatten(1).mean(dim=1)
        values = {
            metrics.ACTOR_LOSS: torch.stack([update.loss for update in updates]),
            metrics.ACTOR_Q_MEAN: q.mean(dim=1),
            metrics.ACTION_SATURATION: saturation,
            metrics.ACTOR_PRE_TANH_ABS: pre_tanh.abs().flatten(1).mean(dim=1),
        }
        values |= {metrics.action_mean(name): action[:, :, i].mean(dim=1) for i, name in enumerate(self._action_names)}
        alerts = self._alerts.policy(saturation, q.abs().mean(dim=1), q_on_data)
        self._record(metrics.ACTOR, values, [update.stats for update in updates], alerts)

    def _record(
        self,
        network: str,
        values: dict[str, torch.Tensor],
        stats: Sequence[OptimizerStats],
        alerts: dict[str, torch.Tensor],
    ) -> None:
        clip = _stacked([step.clip for step in stats])
        finite = torch.stack([step.finite for step in stats])
        norms = _norms(network, clip)
        before, after = clip.before.total, clip.after.total
        values |= norms
        values |= {metrics.module_norm(name): norm for name, norm in clip.after.modules.items()}
        values[metrics.grad_clip_ratio(network)] = after / before.clamp(min=1e-12)
        values[metrics.clipped_fraction(network)] = after < before * (1.0 - 1e-6)
        counts = alerts | self._alerts.gradients(network, clip, finite)
        peaks = norms | {metrics.NON_FINITE_IN_A_ROW: torch.stack([step.non_finite_in_a_row for step in stats])}
        self._measurements.record(network, means=values, peaks=peaks, counts=counts)
        for step in stats:
            if step.update_ratios:
                self._measurements.record(f"{network} step", means=step.update_ratios)

    def state_dict(self) -> dict[str, Any]:
        """What was measured since the last ``drain``, and the alerts that are building up."""
        self._measure()
        return {"alerts": self._alerts.state_dict(), "measurements": self._measurements.state_dict()}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """Restore what ``state_dict`` returned, on a device."""
        self._pending = []
        self._alerts.load_state_dict({name: dead.to(device) for name, dead in state["alerts"].items()})
        self._measurements.load_state_dict(state["measurements"], device)


def _stacked(reports: Sequence[ClipReport]) -> ClipReport:
    """The reports of several updates in one."""
    before, after = (_stacked_norms(norms) for norms in zip(*((r.before, r.after) for r in reports), strict=True))
    return ClipReport(before, after, torch.stack([report.exceeded for report in reports]))


def _stacked_norms(norms: Iterable[Norms]) -> Norms:
    found = list(norms)
    modules = {name: torch.stack([each.modules[name] for each in found]) for name in found[0].modules}
    return Norms(torch.stack([each.total for each in found]), modules)


def _norms(network: str, report: ClipReport) -> dict[str, torch.Tensor]:
    """Norms of a network and its modules before and after the clip, by tag."""
    norms = {}
    for when, measured in zip(metrics.WHEN, (report.before, report.after), strict=True):
        for name, norm in {network: measured.total, **measured.modules}.items():
            norms[metrics.grad_norm(name, when)] = norm
    return norms
