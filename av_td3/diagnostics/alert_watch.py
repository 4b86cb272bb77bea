"""Tracks the alerts of a run: their onsets and ends, and whether one ends the run."""

from dataclasses import asdict, dataclass
from typing import Any

from av_td3 import metrics
from av_td3.config.alerts import Alerts

_EXPLODED = {network: (metrics.peak(metrics.grad_norm(network, "BEFORE")),) for network in metrics.NETWORKS}
# The tags that are printed with each alert.
NUMBERS = {
    metrics.explosion(metrics.ACTOR, "warning"): _EXPLODED[metrics.ACTOR],
    metrics.explosion(metrics.ACTOR, "critical"): _EXPLODED[metrics.ACTOR],
    metrics.explosion(metrics.CRITIC, "warning"): _EXPLODED[metrics.CRITIC],
    metrics.explosion(metrics.CRITIC, "critical"): _EXPLODED[metrics.CRITIC],
    metrics.ALERT_CLIP_VIOLATION: tuple(metrics.peak(metrics.grad_norm(n, "AFTER")) for n in metrics.NETWORKS),
    metrics.ALERT_DEAD_GRADIENT: tuple(metrics.grad_norm(module, "BEFORE") for module in metrics.MODULES),
    metrics.ALERT_ACTION_SATURATION: (metrics.ACTION_SATURATION,),
    metrics.ALERT_Q_DIVERGENCE: (metrics.Q1_VALUE,),
    metrics.ALERT_DISAGREEMENT: (metrics.ACTOR_Q_MEAN, metrics.Q1_VALUE),
    metrics.ALERT_NON_FINITE: (metrics.peak(metrics.NON_FINITE_IN_A_ROW),),
}


@dataclass
class AlertRecord:
    """The history of one alert."""

    active: bool
    since: int  # environment step of the last onset
    last: int  # environment step at which it was last raised
    onsets: int
    updates: int  # number of updates that raised it
    quiet: int = 0  # points since it was last raised


class AlertWatch:
    """Turns the number of alerts per interval into onsets and ends."""

    def __init__(self, config: Alerts):
        self._config = config
        self._records: dict[str, AlertRecord] = {}

    def look(self, scalars: dict[str, float], step: int) -> list[str]:
        """Process the scalars of one interval.

        Args:
            scalars: values by tag.
            step: environment step of the interval's end.

        Returns:
            A line for each alert that began or ended.

        """
        lines = []
        for alert in NUMBERS:
            count = round(scalars.get(metrics.alert(alert), 0.0))
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
        """The active alert that ends the run; None if there is none."""
        return next((alert for alert in self._config.stop_on if self._active(alert)), None)

    def _active(self, alert: str) -> bool:
        return alert in self._records and self._records[alert].active

    def status(self) -> dict[str, Any]:
        """All alerts that were raised, for ``status.json``."""
        return {alert: asdict(record) for alert, record in self._records.items()}

    def load_status(self, status: dict[str, Any]) -> None:
        """Restore what ``status`` returned."""
        self._records = {alert: AlertRecord(**record) for alert, record in status.items()}
