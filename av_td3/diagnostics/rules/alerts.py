"""The rule on alerts that a run of ours raised between two points of its log."""

from collections.abc import Iterator

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.recorded_run import RecordedRun

HARD = (*metrics.EXPLOSIONS, metrics.ALERT_CLIP_VIOLATION, metrics.ALERT_DEAD_GRADIENT, metrics.ALERT_DISAGREEMENT)


def alerts_raised(run: RecordedRun) -> Iterator[Finding]:
    """Single updates raised an alert that makes the verdict NO-GO, whatever the points of the log show."""
    raised = []
    for name in HARD:
        counts = run.series(metrics.alert(name))
        if np.any(counts.values > 0.0):
            raised.append(
                f"{name} in {np.sum(counts.values):.0f} updates, first by step {counts.steps[counts.values > 0.0][0]}"
            )
    if raised:
        yield Finding(
            "alerts_raised",
            Severity.CRITICAL,
            "; ".join(raised),
            "The points of the log are means over the updates between them, so single updates can be worse: see the other "
            "findings for the cause, or set alerts.stop_on to stop at the first one.",
        )
