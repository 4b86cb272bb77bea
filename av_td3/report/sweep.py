"""The results of a multirun: swept keys, scores, and whether their differences are significant."""

import csv
import math
from collections import defaultdict
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from av_td3 import metrics
from av_td3.diagnostics.recorded_run import read_run
from av_td3.report.assessment import Assessment, assess
from av_td3.report.key_figures import EVALUATION, KEY_FIGURES, key_figures
from av_td3.runs.config_file import HYDRA_OVERRIDES, hydra_overrides
from av_td3.runs.errors import in_one_line
from av_td3.runs.folder import is_run
from av_td3.runs.scalars import UnreadableLog
from av_td3.runs.status import DONE, STATUS_FILE, UNFINISHED, read_status

SEED = "seed"
CONFIDENCE = 0.95
MIN_FOR_INTERVAL = 3  # runs; with fewer, no interval is computed
RESAMPLES = 9999
ABSENT = "-"  # value of a key that a run does not override


@dataclass(frozen=True)
class SweptRun:
    """One run of a sweep, finished or not."""

    folder: Path
    settings: dict[str, str]  # values of the swept keys
    state: str  # as in status.json; "no status" if there is none
    step: int | None
    restarts: int  # how often another process resumed the run
    error: str  # why the run failed, or why its log is unreadable; else empty
    assessment: Assessment | None  # None if the log is unreadable
    figures: dict[str, float]

    @property
    def finished(self) -> bool:
        return self.state == DONE

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
        return tuple(value for key, value in self.settings.items() if key != SEED)


class Interval(NamedTuple):
    """Interquartile mean with its bootstrap interval; the bounds are NaN if there are too few runs."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Setting:
    """All runs with the same swept values except the seed."""

    values: tuple[str, ...]
    runs: list[SweptRun]
    metric: Interval

    @property
    def scores(self) -> list[float]:
        """The scores of the finished runs."""
        return _scores(self.runs)

    @property
    def verdicts(self) -> str:
        """The number of runs by verdict, or by state if they have none."""
        counted: dict[str, int] = defaultdict(int)
        for run in self.runs:
            counted[run.verdict or run.state] += 1
        return ", ".join(f"{count} {what}" for what, count in counted.items())


@dataclass(frozen=True)
class Sweep:
    """All runs of a multirun, and the conclusion."""

    folder: Path
    keys: list[str]  # swept keys, the seed last
    runs: list[SweptRun]
    settings: list[Setting]  # best first
    conclusion: str

    @property
    def setting_keys(self) -> list[str]:
        """The swept keys except the seed."""
        return [key for key in self.keys if key != SEED]


def short_names(keys: list[str]) -> list[str]:
    """The last parts of dotted keys, or the whole keys if these are ambiguous."""
    names = [key.rpartition(".")[2] for key in keys]
    return [name if names.count(name) == 1 else key for name, key in zip(names, keys, strict=True)]


def read_sweep(folder: Path) -> Sweep:
    """Read every run of a multirun. Raises UnreadableLog if the folder has none."""
    if not folder.is_dir():
        raise UnreadableLog(f"{folder}: no such folder")
    folders = sorted((path for path in folder.iterdir() if is_run(path)), key=_in_order)
    if not folders:
        raise UnreadableLog(f"{folder}: no runs of a sweep (folders with a {HYDRA_OVERRIDES} or a {STATUS_FILE})")
    overrides = [_overrides(run) for run in folders]
    keys = _swept(overrides)
    runs = [_read(run, {key: own.get(key, ABSENT) for key in keys}) for run, own in zip(folders, overrides, strict=True)]
    settings = _settings(runs)
    return Sweep(folder, keys, runs, settings, _conclusion(settings, [key for key in keys if key != SEED]))


def _in_order(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdecimal() else 0, folder.name)


def _overrides(run: Path) -> dict[str, str]:
    """The overrides that Hydra recorded when the job started, or those it was queued with."""
    recorded = hydra_overrides(run)
    if recorded is None:
        recorded = read_status(run, []).get("overrides") or []
    pairs = (str(override).partition("=") for override in recorded)
    return {key.lstrip("+~"): value for key, _, value in pairs}


def _swept(overrides: list[dict[str, str]]) -> list[str]:
    """The keys that differ between runs, in the order of the overrides; the seed last."""
    keys = dict.fromkeys(key for own in overrides for key in own)
    swept = [key for key in keys if len({own.get(key) for own in overrides}) > 1]
    return [key for key in swept if key != SEED] + [key for key in swept if key == SEED]


def _read(folder: Path, settings: dict[str, str]) -> SweptRun:
    problems: list[str] = []
    status: dict[str, Any] = read_status(folder, problems)
    assessment, figures, error = None, {figure.name: math.nan for figure in KEY_FIGURES}, status.get("error") or ""
    try:
        assessment = assess(read_run(folder))
        figures, problems = key_figures(assessment.run), assessment.run.invalid
    except Exception as unreadable:  # an unreadable run is listed with the error
        early = status.get("state") in UNFINISHED and isinstance(unreadable, UnreadableLog)
        error = error or ("" if early else in_one_line(unreadable))
    return SweptRun(
        folder=folder,
        settings=settings,
        state=status.get("state") or "no status",
        step=status.get("step"),
        restarts=status.get("restarts") or 0,
        error="; ".join(filter(None, [error, *problems])),
        assessment=assessment,
        figures=figures,
    )


# -- statistics --------------------------------------------------------------------------------------------------------


def interquartile_mean(values: Any, axis: int = -1) -> Any:
    """The mean of the middle half (Agarwal et al. 2021, arXiv:2108.13264): robust like the median, with less variance."""
    return stats.trim_mean(values, 0.25, axis=axis)


def interval(values: list[float]) -> Interval:
    """The interquartile mean of some scores."""
    return _bootstrapped([values], interquartile_mean) if values else Interval(math.nan, math.nan, math.nan)


def difference(first: list[float], second: list[float]) -> Interval:
    """The interquartile mean of the first scores minus that of the second."""
    return _bootstrapped(
        [first, second], lambda a, b, axis=-1: interquartile_mean(a, axis=axis) - interquartile_mean(b, axis=axis)
    )


def _bootstrapped(samples: list[list[float]], statistic: Any) -> Interval:
    """A statistic with its percentile bootstrap interval, from a fixed seed."""
    arrays = [np.array(sample) for sample in samples]
    middle = float(statistic(*arrays))
    if min(len(sample) for sample in samples) < MIN_FOR_INTERVAL:
        return Interval(middle, math.nan, math.nan)
    rng = np.random.default_rng(0)
    drawn = stats.bootstrap(
        arrays, statistic, confidence_level=CONFIDENCE, n_resamples=RESAMPLES, method="percentile", rng=rng
    ).confidence_interval
    return Interval(middle, float(drawn.low), float(drawn.high))


def _scores(runs: list[SweptRun]) -> list[float]:
    scores = [run.figures[EVALUATION.name] for run in runs if run.finished]
    return [score for score in scores if not math.isnan(score)]


def _settings(runs: list[SweptRun]) -> list[Setting]:
    """Group runs that differ only in their seed; best setting first, settings without a score last."""
    groups: dict[tuple[str, ...], list[SweptRun]] = defaultdict(list)
    for run in runs:
        groups[run.setting_without_seed()].append(run)
    settings = [Setting(values, group, interval(_scores(group))) for values, group in groups.items()]
    return sorted(settings, key=lambda s: -math.inf if math.isnan(s.metric.mean) else s.metric.mean, reverse=True)


def _conclusion(settings: list[Setting], keys: list[str]) -> str:
    """The best setting, and whether its lead is significant."""
    scored = [setting for setting in settings if setting.scores]
    if not scored:
        return f"No finished run has an {EVALUATION.name} yet."
    best = scored[0]
    name = _named(best, keys)
    score = f"{EVALUATION.name} {best.metric.mean:.4g}"
    if len(scored) == 1:
        return f"{name}: {score}; nothing to compare it with."
    second = scored[1]
    gap = difference(best.scores, second.scores)
    lead = (
        f"Best by {EVALUATION.name}: {name} ({best.metric.mean:.4g}), then {_named(second, keys)} ({second.metric.mean:.4g})."
    )
    if math.isnan(gap.low):
        return (
            f"{lead} With fewer than {MIN_FOR_INTERVAL} finished runs of each, the difference cannot be distinguished from "
            "noise: add seeds, for example seed=0,1,2."
        )
    span = f"{gap.mean:.4g}, 95 % interval {gap.low:.4g} to {gap.high:.4g}"
    if gap.low > 0.0:
        return f"{lead} The difference ({span}) exceeds the noise between seeds."
    return f"{lead} The difference ({span}) does not exceed the noise between seeds."


def _named(setting: Setting, keys: list[str]) -> str:
    return " ".join(f"{key}={value}" for key, value in zip(short_names(keys), setting.values, strict=True)) or "the one setting"


# -- table -------------------------------------------------------------------------------------------------------------


def to_csv(sweep: Sweep) -> str:
    """``sweep.csv``: a row per run, with numbers in full precision; empty if there is none."""
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    names = [figure.name for figure in KEY_FIGURES]
    table.writerow(["run", *sweep.keys, "state", "step", "restarts", "verdict", "finding", *names, "error"])
    for run in sweep.runs:
        figures = ["" if math.isnan(run.figures[name]) else repr(run.figures[name]) for name in names]
        values = [run.settings[key] for key in sweep.keys]
        step = "" if run.step is None else run.step
        table.writerow([run.folder.name, *values, run.state, step, run.restarts, run.verdict, run.finding, *figures, run.error])
    return text.getvalue()
