"""Signs that an update went wrong, counted on the device."""

import torch

from av_td3.agent.clipping import ClipReport
from av_td3.agent.measurements import Measurements
from av_td3.config import Alerts


class AlertCounter:
    """Counts, under ``alerts/``, the updates of an interval that crossed a threshold."""

    def __init__(self, config: Alerts, measurements: Measurements):
        self._config = config
        self._measurements = measurements
        self.saturation_level = config.saturation_level
        self._dead_for: dict[str, torch.Tensor] = {}  # updates in a row with a norm of zero, by module

    def state_dict(self) -> dict[str, torch.Tensor]:
        """For how many updates each module's gradient has been zero."""
        return dict(self._dead_for)

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Take over a state written by ``state_dict``."""
        self._dead_for = dict(state)

    def gradients(self, prefix: str, report: ClipReport) -> None:
        """Look at one network's norms; ``prefix`` is empty for the actor, ``critic_`` for the critic."""
        norm, count = report.before.total, self._measurements.count
        count(f"alerts/{prefix}gradient_explosion_warning", norm > self._config.explosion_warning)
        count(f"alerts/{prefix}gradient_explosion_critical", norm > self._config.explosion_critical)
        count("alerts/clip_violation", report.exceeded > 1.0 + self._config.clip_tolerance)
        count("alerts/non_finite", ~torch.isfinite(norm))
        for module, module_norm in report.before.modules.items():
            zero = (module_norm == 0.0).float()
            dead_for = (self._dead_for[module] + 1.0) * zero if module in self._dead_for else zero
            self._dead_for[module] = dead_for
            count("alerts/dead_gradient", dead_for >= self._config.dead_updates)

    def values(self, q_on_data: torch.Tensor, loss: torch.Tensor) -> None:
        """Look at the mean |Q| of a batch and the critic's loss."""
        self._measurements.count("alerts/q_divergence", q_on_data > self._config.max_q)
        self._measurements.count("alerts/non_finite", ~torch.isfinite(loss))

    def policy(self, saturation: torch.Tensor, actor_q: torch.Tensor, q_on_data: torch.Tensor) -> None:
        """Look at the share of saturated actions, and at mean |Q| of the actor's actions and of the replayed ones."""
        ratio = actor_q / torch.clamp(q_on_data, min=1.0)
        self._measurements.count("alerts/action_saturation", saturation > self._config.saturation_share)
        self._measurements.count("alerts/actor_critic_disagreement", ratio > self._config.disagreement_ratio)
        self._measurements.count("alerts/non_finite", ~torch.isfinite(actor_q))
