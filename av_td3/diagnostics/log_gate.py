"""The verdict on a log of another program: as far as the log tells.

Its rewards are in unknown units, so no absolute threshold applies; the verdict follows from the findings. Each subject that the
rules are about is a criterion.
"""

from collections.abc import Iterator

from av_td3.diagnostics.diagnose import DATA, RETURN, RULES, Diagnosis
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.gate import Criterion, GateResult, Verdict
from av_td3.diagnostics.recorded_run import RecordedRun

NOT_APPLICABLE, NOT_LOGGED, NOTHING = "not applicable", "not logged", "nothing found"
_SEVERE = (Verdict.GO, Verdict.INVESTIGATE, Verdict.NO_GO)
_VERDICTS = {Severity.CRITICAL: Verdict.NO_GO, Severity.WARNING: Verdict.INVESTIGATE, Severity.INFO: Verdict.GO}


def evaluate_log(run: RecordedRun, diagnosis: Diagnosis) -> GateResult:
    """The verdict that follows from the findings.

    Args:
        run: of another program.
        diagnosis: its diagnosis.

    Returns:
        NO-GO with a critical finding, else INVESTIGATE with a warning or without a return that could be judged, else GO. What
        was not logged does not count, and is listed.

    """
    criteria = list(_criteria(run, diagnosis))
    verdicts = {criterion.verdict for criterion in criteria}
    return GateResult(next(v for v in (Verdict.NO_GO, Verdict.INVESTIGATE, Verdict.GO) if v in verdicts), criteria)


def _criteria(run: RecordedRun, diagnosis: Diagnosis) -> Iterator[Criterion]:
    for subject in dict.fromkeys([RETURN, *(rule.subject for rule in RULES)]):
        rules = [rule.name for rule in RULES if rule.subject == subject and rule.applies_to(run)]
        threshold = "no " + ", ".join(dict.fromkeys(rules))
        if subject in diagnosis.subjects:
            yield _judged(subject, threshold, diagnosis.subjects[subject])
        elif not rules:
            yield Criterion(subject, "-", f"{NOT_APPLICABLE} to {run.algorithm.value}", Verdict.GO)
        elif subject in (RETURN, DATA):
            yield Criterion(subject, threshold, NOT_LOGGED, Verdict.INVESTIGATE)
        else:
            yield Criterion(subject, threshold, NOT_LOGGED, Verdict.GO)
    ours = {rule.subject for rule in RULES}
    for subject, findings in diagnosis.subjects.items():
        if subject not in ours:  # a rule of another package
            yield _judged(subject, f"no {subject}", findings)


def _judged(subject: str, threshold: str, findings: list[Finding]) -> Criterion:
    verdict = max((_VERDICTS[finding.severity] for finding in findings), key=_SEVERE.index, default=Verdict.GO)
    grave = [finding.rule for finding in findings if _VERDICTS[finding.severity] is not Verdict.GO]
    return Criterion(subject, threshold, ", ".join(dict.fromkeys(grave)) or NOTHING, verdict)
