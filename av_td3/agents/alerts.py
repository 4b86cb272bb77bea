"""Alerts: updates that crossed a threshold, found on the device."""

import torch

from av_td3 import metrics
from av_td3.agents.clipping import ClipReport
from av_td3.config.alerts import Alerts


class AlertCounter:
    """Tells which alerts each of several updates raises, by tag: (updates,) of 0 or 1, of a dead gradient 1 per module.

    The tensors of its arguments are (updates,).

    Args:
        config: the thresholds.

    """

    def __init__(self, config: Alerts):
        self._config = config
        self.saturation_level = config.saturation_level
        self._dead_for: dict[str, torch.Tensor] = {}  # by network, of each module

    def state_dict(self) -> dict[str, torch.Tensor]:
        """For how many updates in a row each module's gradient has been zero."""
        return dict(self._dead_for)

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Restore what ``state_dict`` returned."""
        self._dead_for = dict(state)

    def gradients(self, network: str, report: ClipReport, finite: torch.Tensor) -> dict[str, torch.Tensor]:
        """Alerts of the gradient norms of ``actor`` or ``critic``, whether its step was ``finite`` included."""
        norm = report.before.total
        dead_for = self._count_dead(network, torch.stack(list(report.before.modules.values())) == 0.0)
        return {
            metrics.alert(metrics.explosion(network, "warning")): norm > self._config.explosion_warning,
            metrics.alert(metrics.explosion(network, "critical")): norm > self._config.explosion_critical,
            metrics.alert(metrics.ALERT_CLIP_VIOLATION): report.exceeded > 1.0 + self._config.clip_tolerance,
            metrics.alert(metrics.ALERT_DEAD_GRADIENT): (dead_for >= self._config.dead_updates).sum(dim=0),
            metrics.alert(metrics.ALERT_NON_FINITE): ~finite,
        }

    def _count_dead(self, network: str, zero: torch.Tensor) -> torch.Tensor:
        """Updates in a row with a norm of zero, up to each update: int64 (modules, updates), as ``zero``."""
        update = torch.arange(zero.shape[1], device=zero.device)
        before = self._dead_for.get(network, torch.zeros(len(zero), dtype=torch.int64, device=zero.device))
        last_alive = torch.where(zero, -1 - before[:, None], update).cummax(dim=1).values
        dead_for = update - last_alive
        self._dead_for[network] = dead_for[:, -1].clone(memory_format=torch.contiguous_format)
        return dead_for

    def values(self, q_on_data: torch.Tensor) -> dict[str, torch.Tensor]:
        """Alerts of the mean |Q1| of the replayed actions."""
        return {metrics.alert(metrics.ALERT_Q_DIVERGENCE): q_on_data > self._config.max_q}

    def policy(self, saturation: torch.Tensor, actor_q: torch.Tensor, q_on_data: torch.Tensor) -> dict[str, torch.Tensor]:
        """Alerts of the share of saturated actions, and of mean |Q1| of the policy's and of the replayed actions."""
        ratio = actor_q / torch.clamp(q_on_data, min=1.0)
        return {
            metrics.alert(metrics.ALERT_ACTION_SATURATION): saturation > self._config.saturation_share,
            metrics.alert(metrics.ALERT_DISAGREEMENT): ratio > self._config.disagreement_ratio,
        }
