"""Decides from its alerts that a run is lost: that more of its steps would be wasted."""

from collections.abc import Mapping
from typing import Any

from av_td3 import metrics

# From these a run does not recover, and the gate is NO-GO. Others pass: a policy that is saturated early, a gradient that is 0
# for a while, a policy ahead of the critic's data, a norm above the lower threshold; or they are a bug: a violated clip.
LOST_ALERTS = (
    metrics.ALERT_NON_FINITE,  # updates are skipped, so nothing is learned
    metrics.ALERT_Q_DIVERGENCE,  # Q is beyond what rewards can add up to, and its own targets are made of it
    metrics.explosion(metrics.ACTOR, "critical"),  # the loss is without bounds; a clip sets only the length of the steps
    metrics.explosion(metrics.CRITIC, "critical"),
)
MIN_STEPS = 500  # environment steps during which an alert must have been on: a single batch can raise one


def why_lost(alerts: Mapping[str, Any]) -> str | None:
    """The alert that says that a run is lost, and since when; None if there is none.

    Args:
        alerts: of the run's ``status.json``.

    """
    for name in LOST_ALERTS:
        record = alerts.get(name)
        if not isinstance(record, Mapping) or record.get("active") is not True:
            continue
        since, last = record.get("since"), record.get("last")
        if isinstance(since, int) and isinstance(last, int) and last - since >= MIN_STEPS:
            return f"{name} from step {since} to {last}"
    return None
