"""A run of a sweep: a job of a multirun, or a log of any program."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av_td3 import metrics
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun, read_log_runs, read_run
from av_td3.diagnostics.returns import return_trend
from av_td3.report.assessment import Assessment, assess
from av_td3.report.key_figures import EVALUATION, KEY_FIGURES, KeyFigure, key_figures
from av_td3.runs.errors import in_one_line
from av_td3.runs.scalars import UnreadableLog
from av_td3.runs.status import DONE, UNFINISHED, progress, read_status

NO_STATUS = "no status"  # the state of a job without status.json
LOST = "lost"  # the state of an unfinished job that is not in the scheduler's queue
LOGGED, UNREADABLE = "logged", "unreadable"  # the states of a log of another program
LATE_RETURN, BEST_RETURN = "late return", "best return"  # mean levels; logs are compared by the late one
NO_LEVELS = {LATE_RETURN: math.nan, BEST_RETURN: math.nan}
SEED_KEYS = ("seed", "random_seed")


@dataclass(frozen=True)
class SweptRun:
    """One run of a sweep, finished or not."""

    name: str  # distinct within the sweep
    folder: Path
    settings: dict[str, str]  # values of the swept keys
    state: str  # as in status.json, or NO_STATUS or LOST; LOGGED or UNREADABLE for logs of other programs
    step: int | None
    restarts: int  # how often another process resumed the run
    error: str  # why the run failed, or why its log is unreadable; else empty
    assessment: Assessment | None  # None if the log is unreadable
    figures: dict[str, float]
    score: float  # NaN if there is none

    @property
    def finished(self) -> bool:
        return self.state in (DONE, LOGGED)

    @property
    def verdict(self) -> str:
        """The verdict of a finished run; else empty."""
        return self.assessment.gate_result.verdict.value if self.finished and self.assessment else ""

    @property
    def speed(self) -> float | None:
        """Environment steps per second at the last point."""
        tag = metrics.ENV_STEPS_PER_S
        run = self.assessment.run if self.assessment else None
        return float(run.values(tag)[-1]) if run is not None and run.has(tag) else None

    @property
    def finding(self) -> str:
        """The rule of the most important finding; empty if there is none."""
        findings = self.assessment.diagnosis.findings if self.assessment else []
        return next((finding.rule for finding in findings if finding.severity.value != "info"), "")

    def setting_without_seed(self) -> tuple[str, ...]:
        """The swept values except the seed."""
        return tuple(value for key, value in self.settings.items() if not is_seed(key))


def is_seed(key: str) -> bool:
    """Whether a key only makes runs of the same setting differ."""
    return key.rpartition(".")[2] in SEED_KEYS


def read_job(folder: Path, settings: dict[str, str], ended: str | None = None) -> SweptRun:
    """Read a job of a multirun of ours. An unreadable one is listed with the reason.

    Args:
        folder: of the job.
        settings: values of the swept keys.
        ended: what the scheduler says of a job that it no longer has; None if it may still run.

    """
    problems: list[str] = []
    status: dict[str, Any] = read_status(folder, problems)
    if ended is not None and status.get("state") in UNFINISHED:
        status |= {"state": LOST, "error": f"{ended}; {progress(status)}"}
    assessment, figures, error = None, {figure.name: math.nan for figure in KEY_FIGURES}, status.get("error") or ""
    try:
        assessment = assess(read_run(folder))
        figures, problems = key_figures(assessment.run), assessment.run.invalid
    except Exception as unreadable:  # an unreadable run is listed with the error
        early = status.get("state") in UNFINISHED and isinstance(unreadable, UnreadableLog)
        error = error or ("" if early else in_one_line(unreadable))
    return SweptRun(
        name=folder.name,
        folder=folder,
        settings=settings,
        state=status.get("state") or NO_STATUS,
        step=status.get("step"),
        restarts=status.get("restarts") or 0,
        error="; ".join(filter(None, [error, *problems])),
        assessment=assessment,
        figures=figures,
        score=figures[EVALUATION.name],
    )


def read_runs_of_log(name: str, log: Path, settings: dict[str, str]) -> list[SweptRun]:
    """Read the runs of a log of any program. An unreadable log is listed with the reason."""
    try:
        return [_logged_run(name, assess(run), settings) for run in read_log_runs(log)]
    except Exception as unreadable:
        return [unreadable_log(name, log, settings, in_one_line(unreadable))]


def _logged_run(name: str, assessment: Assessment, settings: dict[str, str]) -> SweptRun:
    run = assessment.run
    figures = _levels(run)
    return SweptRun(
        name=f"{name} ({run.part})" if run.part else name,
        folder=run.folder,
        settings=settings,
        state=(run.status.get("state") or NO_STATUS) if run.ours else LOGGED,
        step=run.status.get("step") or max(int(series.steps[-1]) for series in run.scalars.values()),
        restarts=run.status.get("restarts") or 0,
        error="; ".join(filter(None, [run.status.get("error") or "", *(run.invalid if run.ours else run.problems)])),
        assessment=assessment,
        figures=figures,
        score=figures[LATE_RETURN],
    )


def unreadable_log(name: str, folder: Path, settings: dict[str, str], error: str) -> SweptRun:
    """A run beside others that has no log, or one that cannot be read."""
    return SweptRun(name, folder, settings, UNREADABLE, None, 0, error, None, NO_LEVELS, math.nan)


def with_figures(run: SweptRun, figures: Sequence[KeyFigure]) -> SweptRun:
    """The run with more key figures."""
    numbers = key_figures(run.assessment.run, figures) if run.assessment else {figure.name: math.nan for figure in figures}
    return SweptRun(**{**vars(run), "figures": run.figures | numbers})


def _levels(run: RecordedRun) -> dict[str, float]:
    try:
        trend = return_trend(run)
    except NotLogged:
        return NO_LEVELS
    return {LATE_RETURN: trend.late, BEST_RETURN: trend.best}
