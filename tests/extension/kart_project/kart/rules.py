"""What the diagnosis of a run checks."""

from collections.abc import Iterator

from av_td3 import metrics
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.recorded_run import RecordedRun

FEW = 100


def narrow_search(run: RecordedRun) -> Iterator[Finding]:
    """The best of few random actions is far from the best action."""
    candidates = run.setting("algorithm.candidates")
    if candidates < FEW:
        q = run.numbers(metrics.Q1_VALUE)[-1]
        evidence = f"the policy takes the best of {candidates} random actions; mean Q1 is {q:.3g} at the end"
        yield Finding("narrow_search", Severity.INFO, evidence, f"Set algorithm.candidates={FEW} or more.")
