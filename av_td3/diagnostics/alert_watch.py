"""Tracks the alerts of a run: their onsets and ends, and whether one ends the run."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from av_td3 import metrics
from av_td3.config.alerts import Alert, Alerts
from av_td3.config.plugins import described
from av_td3.runs.errors import RunFailed

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
    updates: int  # number of updates that raised it; of a custom alert, of points
    quiet: int = 0  # points since it was last raised


class AlertWatch:
    """Turns the number of alerts per interval into onsets and ends."""

    def __init__(self, config: Alerts):
        self._config = config
        self._records: dict[str, AlertRecord] = {}

    def look(self, scalars: dict[str, float], step: int) -> list[str]:
        """Process the scalars of one point, and ask the alerts of ``alerts.custom`` about them.

        Args:
            scalars: the values by tag. It gets ``alerts/NAME``, 1.0 or 0.0, for each alert of ``alerts.custom``; so log
                it after this call.
            step: the environment step of the point.

        Returns:
            A line for each alert that began or ended.

        Raises:
            RunFailed: an alert of ``alerts.custom`` raised an exception.

        """
        seen = MappingProxyType(scalars.copy())
        for name, alert in self._config.custom.items():
            scalars[metrics.alert(name)] = float(_is_raised(name, alert, seen))
        lines = []
        for name in (*NUMBERS, *self._config.custom):
            value = scalars.get(metrics.alert(name), 0.0)
            count = round(value) if math.isfinite(value) else 0
            if count:
                lines += self._raise(name, count, scalars, step)
            else:
                lines += self._rest(name, step)
        return lines

    def _raise(self, alert: str, count: int, scalars: dict[str, float], step: int) -> list[str]:
        record = self._records.setdefault(alert, AlertRecord(active=False, since=step, last=step, onsets=0, updates=0))
        record.updates += count
        record.last, record.quiet = step, 0
        if record.active:
            return []
        record.active, record.since = True, step
        record.onsets += 1
        custom = self._config.custom.get(alert)
        shown = NUMBERS[alert] if custom is None else custom.shown
        counted = f", raised {count} times since the last point" if custom is None else ""
        numbers = ", ".join(f"{tag} {scalars[tag]:.4g}" for tag in shown if tag in scalars)
        return [f"ALERT at step {step}: {alert}{counted}" + (f"; {numbers}" if numbers else "")]

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


def _is_raised(name: str, alert: Alert, scalars: Mapping[str, float]) -> bool:
    try:
        return bool(alert.raised(scalars))
    except (Exception, SystemExit) as error:  # whatever the user's class raises
        raise RunFailed(f"alerts.custom.{name} raised {described(error)}") from error
