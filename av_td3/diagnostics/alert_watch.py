"""Alerts while a run goes on: who raised them, since when, and whether the run should end."""

from dataclasses import asdict, dataclass
from typing import Any

from av_td3.config.alerts import Alerts

TAG = "alerts/"
_MODULES = ("actor_cnn", "actor_mlp", "critic_cnn", "critic_mlp")
# Each alert and the numbers that show it best.
NUMBERS = {
    "gradient_explosion_warning": ("debug/actor_grad_norm_BEFORE_clip_max",),
    "gradient_explosion_critical": ("debug/actor_grad_norm_BEFORE_clip_max",),
    "critic_gradient_explosion_warning": ("debug/critic_grad_norm_BEFORE_clip_max",),
    "critic_gradient_explosion_critical": ("debug/critic_grad_norm_BEFORE_clip_max",),
    "clip_violation": tuple(f"debug/{name}_grad_norm_AFTER_clip_max" for name in ("actor", "critic")),
    "dead_gradient": tuple(f"debug/{module}_grad_norm_BEFORE_clip" for module in _MODULES),
    "action_saturation": ("debug/action_saturation",),
    "q_divergence": ("train/q1_value",),
    "actor_critic_disagreement": ("debug/actor_q_mean", "train/q1_value"),
    "non_finite": ("debug/non_finite_in_a_row_max",),
}


@dataclass
class AlertRecord:
    """One alert over the whole run."""

    active: bool
    since: int  # environment step of its last onset
    last: int  # environment step at which it was last raised
    onsets: int
    updates: int  # that raised it
    quiet: int = 0  # points since it was last raised


class AlertWatch:
    """Turns counts per interval into onsets and recoveries."""

    def __init__(self, config: Alerts):
        self._config = config
        self._records: dict[str, AlertRecord] = {}

    def look(self, scalars: dict[str, float], step: int) -> list[str]:
        """Take one interval's scalars; returns a line for each alert that began or ended with it."""
        lines = []
        for alert in NUMBERS:
            count = round(scalars.get(TAG + alert, 0.0))
            if count:
                lines += self._raise(alert, count, scalars, step)
            else:
                lines += self._rest(alert, step)
        return lines

    def _raise(self, alert: str, count: int, scalars: dict[str, float], step: int) -> list[str]:
        record = self._records.setdefault(alert, AlertRecord(active=False, since=step, last=step, onsets=0, updates=0))
        record.updates += count
        record.last, record.quiet = step, 0
        if record.active:
            return []
        record.active, record.since = True, step
        record.onsets += 1
        numbers = ", ".join(f"{tag} {scalars[tag]:.4g}" for tag in NUMBERS[alert] if tag in scalars)
        return [f"ALERT at step {step}: {alert}, raised {count} times since the last point; {numbers}"]

    def _rest(self, alert: str, step: int) -> list[str]:
        record = self._records.get(alert)
        if record is None or not record.active:
            return []
        record.quiet += 1
        if record.quiet < self._config.quiet_points:
            return []
        record.active = False
        return [f"alert over at step {step}: {alert}, on from step {record.since} to {record.last}"]

    @property
    def stopping(self) -> str | None:
        """The alert that should end the run, if there is one."""
        return next((alert for alert in self._config.stop_on if self._active(alert)), None)

    def _active(self, alert: str) -> bool:
        return alert in self._records and self._records[alert].active

    def status(self) -> dict[str, Any]:
        """All alerts that were ever raised, for ``status.json``."""
        return {alert: asdict(record) for alert, record in self._records.items()}

    def load_status(self, status: dict[str, Any]) -> None:
        """Take over what ``status`` returned."""
        self._records = {alert: AlertRecord(**record) for alert, record in status.items()}
