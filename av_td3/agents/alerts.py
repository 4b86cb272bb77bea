"""Signs that an update went wrong, found on the device. Each is a number of alerts (0 or 1, a dead gradient 1 per module)."""

import torch

from av_td3 import metrics
from av_td3.agents.clipping import ClipReport
from av_td3.config.alerts import Alerts


class AlertCounter:
    """Counts, under ``alerts/``, the updates that crossed a threshold."""

    def __init__(self, config: Alerts):
        self._config = config
        self.saturation_level = config.saturation_level
        self._dead_for: dict[str, torch.Tensor] = {}  # by network: updates in a row with a norm of zero, of each module

    def state_dict(self) -> dict[str, torch.Tensor]:
        """For how many updates each module's gradient has been zero."""
        return dict(self._dead_for)

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Take over a state written by ``state_dict``."""
        self._dead_for = dict(state)

    def gradients(self, network: str, report: ClipReport, finite: torch.Tensor) -> dict[str, torch.Tensor]:
        """Look at the norms of ``actor`` or ``critic``."""
        norm = report.before.total
        zero = torch.stack(list(report.before.modules.values())) == 0.0
        dead_for = (self._dead_for.get(network, 0) + 1) * zero
        self._dead_for[network] = dead_for
        return {
            metrics.alert(metrics.explosion(network, "warning")): norm > self._config.explosion_warning,
            metrics.alert(metrics.explosion(network, "critical")): norm > self._config.explosion_critical,
            metrics.alert(metrics.ALERT_CLIP_VIOLATION): report.exceeded > 1.0 + self._config.clip_tolerance,
            metrics.alert(metrics.ALERT_DEAD_GRADIENT): (dead_for >= self._config.dead_updates).sum(),
            metrics.alert(metrics.ALERT_NON_FINITE): ~finite,
        }

    def values(self, q_on_data: torch.Tensor) -> dict[str, torch.Tensor]:
        """Look at the mean |Q| of a batch."""
        return {metrics.alert(metrics.ALERT_Q_DIVERGENCE): q_on_data > self._config.max_q}

    def policy(self, saturation: torch.Tensor, actor_q: torch.Tensor, q_on_data: torch.Tensor) -> dict[str, torch.Tensor]:
        """Look at the share of saturated actions, and at mean |Q| of the actor's actions and of the replayed ones."""
        ratio = actor_q / torch.clamp(q_on_data, min=1.0)
        return {
            metrics.alert(metrics.ALERT_ACTION_SATURATION): saturation > self._config.saturation_share,
            metrics.alert(metrics.ALERT_DISAGREEMENT): ratio > self._config.disagreement_ratio,
        }
