"""The results of a multirun: swept keys, scores, and whether their differences are significant."""

import csv
import math
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import scipy  # imports scipy.stats on first use, which takes half a second

from av_td3.diagnostics.returns import return_of
from av_td3.report.key_figures import EVALUATION, KEY_FIGURES
from av_td3.report.log_sweep import ABSENT, overrides_of, read_logs, swept_keys
from av_td3.report.swept_run import LATE_RETURN, SweptRun, is_seed, read_job
from av_td3.runs.config_file import CONFIG_FILE, HYDRA_OVERRIDES
from av_td3.runs.folder import TENSORBOARD, is_run
from av_td3.runs.scalars import UnreadableLog
from av_td3.runs.status import STATUS_FILE, read_status

ADD_SEEDS = {EVALUATION.name: "add seeds, for example seed=0,1,2", LATE_RETURN: "add runs with other seeds"}
CONFIDENCE = 0.95
MIN_FOR_INTERVAL = 3  # runs; with fewer, no interval is computed
RESAMPLES = 9999
NONE_ENDED: Mapping[str, str] = MappingProxyType({})


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
    figures: list[str]  # the names of the key figures
    metric: str  # what the scores are
    problems: list[str]  # folders that cannot be listed

    @property
    def setting_keys(self) -> list[str]:
        """The swept keys except the seed."""
        return [key for key in self.keys if not is_seed(key)]


def short_names(keys: list[str]) -> list[str]:
    """The last parts of dotted keys, or the whole keys if these are ambiguous."""
    names = [key.rpartition(".")[2] for key in keys]
    return [name if names.count(name) == 1 else key for name, key in zip(names, keys, strict=True)]


def read_sweep(folder: Path, ended: Mapping[str, str] = NONE_ENDED) -> Sweep:
    """Read every run of a multirun, or every log of another program at any depth.

    Args:
        folder: of the multirun.
        ended: the jobs that the scheduler no longer has, and what it says of them, by the name of their folder.

    Raises:
        UnreadableLog: the folder has no runs.

    """
    if not folder.is_dir():
        raise UnreadableLog(f"{folder}: no such folder")
    jobs = [path for path in folder.iterdir() if is_run(path)]
    if any(map(_is_ours, jobs)):
        return _of_jobs(folder, jobs, ended)
    problems: list[str] = []
    try:
        keys, runs = read_logs(folder, problems)
    except UnreadableLog as error:
        if jobs:
            return _of_jobs(folder, jobs, ended)
        own = f"no folders with a {HYDRA_OVERRIDES} or a {STATUS_FILE}, and no logs"
        raise UnreadableLog(f"{folder}: no runs of a sweep ({own})") from error
    problems += _mixed_returns(runs)
    figures = list(dict.fromkeys(name for run in runs for name in run.figures))
    return _concluded(folder, keys, runs, figures, LATE_RETURN, problems)


def _mixed_returns(runs: list[SweptRun]) -> list[str]:
    """A line if some runs are scored by evaluations and others by training episodes."""
    logs = [run.assessment.run for run in runs if run.assessment and not math.isnan(run.score)]
    evaluated = sum(return_of(log)[1] for log in logs)
    if evaluated in (0, len(logs)):
        return []
    return [f"{evaluated} of {len(logs)} runs are scored by their evaluations, the others by training episodes"]


def _is_ours(job: Path) -> bool:
    """Whether av-td3 made a job: another program that uses Hydra leaves overrides, too."""
    return os.path.lexists(job / STATUS_FILE) or (os.path.lexists(job / CONFIG_FILE) and os.path.lexists(job / TENSORBOARD))


def _of_jobs(folder: Path, jobs: list[Path], ended: Mapping[str, str]) -> Sweep:
    """The sweep of a multirun of ours."""
    jobs = sorted(jobs, key=_in_order)
    overrides = [overrides_of(job, read_status(job, []).get("overrides")) for job in jobs]
    keys = swept_keys(overrides)
    runs = [
        read_job(job, {key: own.get(key, ABSENT) for key in keys}, ended.get(job.name))
        for job, own in zip(jobs, overrides, strict=True)
    ]
    figures = [figure.name for figure in KEY_FIGURES]
    return _concluded(folder, keys, runs, figures, EVALUATION.name, [])


def _concluded(
    folder: Path, keys: list[str], runs: list[SweptRun], figures: list[str], metric: str, problems: list[str]
) -> Sweep:
    settings = _settings(runs)
    conclusion = _conclusion(settings, [key for key in keys if not is_seed(key)], metric)
    if len({(run.assessment.run.program, run.assessment.run.algorithm) for run in runs if run.assessment}) > 1:
        conclusion += " The logs are of different programs or algorithms, so their rewards may be in different units."
    return Sweep(folder, keys, runs, settings, conclusion, figures, metric, problems)


def _in_order(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdecimal() else 0, folder.name)


# -- statistics --------------------------------------------------------------------------------------------------------


def interquartile_mean(values: Any, axis: int = -1) -> Any:
    """The mean of the middle half (Agarwal et al. 2021, arXiv:2108.13264): robust like the median, with less variance."""
    return scipy.stats.trim_mean(values, 0.25, axis=axis)


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
    drawn = scipy.stats.bootstrap(
        arrays, statistic, confidence_level=CONFIDENCE, n_resamples=RESAMPLES, method="percentile", rng=rng
    ).confidence_interval
    return Interval(middle, float(drawn.low), float(drawn.high))


def _scores(runs: list[SweptRun]) -> list[float]:
    scores = [run.score for run in runs if run.finished]
    return [score for score in scores if not math.isnan(score)]


def _settings(runs: list[SweptRun]) -> list[Setting]:
    """Group runs that differ only in their seed; best setting first, settings without a score last."""
    groups: dict[tuple[str, ...], list[SweptRun]] = defaultdict(list)
    for run in runs:
        groups[run.setting_without_seed()].append(run)
    settings = [Setting(values, group, interval(_scores(group))) for values, group in groups.items()]
    return sorted(settings, key=lambda s: -math.inf if math.isnan(s.metric.mean) else s.metric.mean, reverse=True)


def _conclusion(settings: list[Setting], keys: list[str], metric: str) -> str:
    """The best setting, and whether its lead is significant."""
    scored = [setting for setting in settings if setting.scores]
    if not scored:
        return f"No finished run has {'an' if metric[0] in 'aeiou' else 'a'} {metric} yet."
    best = scored[0]
    name = _named(best, keys)
    score = f"{metric} {best.metric.mean:.4g}"
    if len(scored) == 1:
        return f"{name}: {score}; nothing to compare it with."
    second = scored[1]
    gap = difference(best.scores, second.scores)
    lead = f"Best by {metric}: {name} ({best.metric.mean:.4g}), then {_named(second, keys)} ({second.metric.mean:.4g})."
    if math.isnan(gap.low):
        return (
            f"{lead} With fewer than {MIN_FOR_INTERVAL} finished runs of each, the difference cannot be distinguished from "
            f"noise: {ADD_SEEDS[metric]}."
        )
    span = f"{gap.mean:.4g}, 95 % interval {gap.low:.4g} to {gap.high:.4g}"
    if gap.low > 0.0:
        return f"{lead} The difference ({span}) exceeds the noise between seeds."
    return f"{lead} The difference ({span}) does not exceed the noise between seeds."


def _named(setting: Setting, keys: list[str]) -> str:
    return " ".join(f"{key}={value}" for key, value in zip(short_names(keys), setting.values, strict=True)) or "All runs"


# -- table -------------------------------------------------------------------------------------------------------------


def to_csv(sweep: Sweep) -> str:
    """``sweep.csv``: a row per run, with numbers in full precision; empty if there is none."""
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    names = sweep.figures
    table.writerow(["run", *sweep.keys, "state", "step", "restarts", "verdict", "finding", *names, "error"])
    for run in sweep.runs:
        figures = ["" if math.isnan(run.figures[name]) else repr(run.figures[name]) for name in names]
        values = [run.settings[key] for key in sweep.keys]
        step = "" if run.step is None else run.step
        table.writerow([run.name, *values, run.state, step, run.restarts, run.verdict, run.finding, *figures, run.error])
    return text.getvalue()
