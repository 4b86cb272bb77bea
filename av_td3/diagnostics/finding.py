"""Something that a run's numbers say, with what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from av_td3.diagnostics.recorded_run import RecordedRun


class Severity(str, Enum):
    """How much a finding matters, most first."""

    CRITICAL = "critical"  # the run cannot succeed like this
    WARNING = "warning"  # it distorts the run, or what is read from it
    INFO = "info"  # worth knowing before the next run


@dataclass(frozen=True)
class Finding:
    """One answer to what is wrong: the rule that found it, the numbers and steps it saw, what to change."""

    rule: str
    severity: Severity
    evidence: str
    recommendation: str


Check = Callable[[RecordedRun], Iterator[Finding]]  # raises NotLogged where the run does not say enough
