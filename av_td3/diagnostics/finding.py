"""A finding of a rule: evidence and recommendation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from av_td3.diagnostics.recorded_run import RecordedRun


class Severity(str, Enum):
    """Severity of a finding, most severe first."""

    CRITICAL = "critical"  # the run cannot succeed
    WARNING = "warning"  # it distorts the run or its evaluation
    INFO = "info"  # worth knowing before the next run


@dataclass(frozen=True)
class Finding:
    """A problem of a run.

    Args:
        rule: name of the rule, as in ``diagnose.RULES``.
        severity: how much it matters.
        evidence: the values and environment steps that show it.
        recommendation: what to change.

    """

    rule: str
    severity: Severity
    evidence: str
    recommendation: str


Check = Callable[[RecordedRun], Iterator[Finding]]  # raises NotLogged if a tag or setting is missing
