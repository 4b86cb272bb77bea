"""Figures of the return: of evaluations and of training episodes, with the levels that the diagnosis found."""

from contextlib import suppress

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from av_td3 import metrics
from av_td3.diagnostics.algorithm import Algorithm
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.returns import MIN_POINTS, ReturnTrend, finite_points, trend_of
from av_td3.report.plots import BLUE, GREEN, GREY, ORANGE, curve, legend, set_steps, thinned
from av_td3.report.reading import unit_of
from av_td3.report.smoothing import is_running_mean, moving_mean, moving_median, window_of
from av_td3.runs.scalars import Series

OFF_POLICY = (Algorithm.TD3, Algorithm.SAC, Algorithm.DQN)
LEVELS = "#111827"


def trend_in(run: RecordedRun, name: str) -> ReturnTrend | None:
    """The trend of a return; None if it has too few points for levels."""
    if not run.has(name):
        return None
    series = finite_points(run.scalars[name])
    return trend_of(series, name == metrics.EVAL_REWARD) if len(series.values) >= MIN_POINTS else None


def levels_of(run: RecordedRun, name: str) -> str:
    """The levels of a return in a sentence; empty if it has too few points."""
    trend = trend_in(run, name)
    if trend is None:
        return ""
    flat = f", flat since {run.at(trend.flat_since)}" if trend.flat_since is not None else ""
    levels = (
        f"{trend.early:.4g} in the first quarter, {trend.best:.4g} at best ({run.at(trend.best_at)}), {trend.late:.4g} late"
    )
    return f"The return {trend.trend.value}. Its levels: {levels}{flat}."


def learning_start(run: RecordedRun, first_episode: int) -> int | None:
    """The step of the first loss, where an agent first collects data and then learns; None elsewhere."""
    if not (run.ours or run.algorithm in OFF_POLICY):
        return None
    with suppress(NotLogged):
        begins = min(int(series.steps[0]) for series in run.scalars.values())
        if run.learning_from > max(first_episode, begins):
            return run.learning_from
    return None


def draw_levels(run: RecordedRun, axes: Axes, name: str) -> None:
    """Draw the late level over the last quarter, the best level, and since when the return is flat."""
    trend = trend_in(run, name)
    if trend is None:
        return
    steps = trend.series.steps
    late = [steps[-max(1, len(steps) // 4)], steps[-1]]
    axes.plot(late, [trend.late] * 2, "--", color=LEVELS, linewidth=1.4, label=f"late level {trend.late:.4g}", zorder=4)
    axes.plot([trend.best_at], [trend.best], "*", color=ORANGE, markersize=11, label=f"best level {trend.best:.4g}", zorder=5)
    if trend.flat_since is not None:
        axes.axvline(trend.flat_since, color=ORANGE, linestyle=":", linewidth=1.2, label="flat since")


def episode_figure(run: RecordedRun, axes: Axes, name: str, label: str, color: str) -> None:
    """A number of every training episode and its moving median, or the running mean that was logged."""
    series = run.series(name)
    if is_running_mean(run.tag_of(name)):
        curve(axes, series, "running mean, as logged", color)
    else:
        _dots(axes, series, color)
        window = window_of(series.values)
        curve(axes, Series(series.steps, moving_median(series.values, window)), f"median of {window}", color)
    start = learning_start(run, int(series.steps[0]))
    if start is not None:
        axes.axvline(start, color=GREY, linestyle=":", linewidth=1.0, label="learning starts")
    axes.set_ylabel(label)
    set_steps(axes, unit_of(run))


def episode_reward(run: RecordedRun, axes: Axes) -> None:
    """The return of training episodes with its levels."""
    episode_figure(run, axes, metrics.EPISODE_REWARD, "reward", GREEN)
    draw_levels(run, axes, metrics.EPISODE_REWARD)
    legend(axes)


def evaluation(run: RecordedRun, axes: Axes) -> None:
    """Reward and route completion of the evaluations."""
    series = run.series(metrics.EVAL_REWARD)
    few = len(series.steps) <= 50
    curve(axes, series, "reward", BLUE, **({"marker": "o", "markersize": 4} if few else {}))
    draw_levels(run, axes, metrics.EVAL_REWARD)
    axes.set_ylabel("reward")
    set_steps(axes, unit_of(run))
    if run.has(metrics.EVAL_ROUTE_COMPLETION):
        other = axes.twinx()
        curve(other, run.scalars[metrics.EVAL_ROUTE_COMPLETION], "route completion", GREEN, marker="s", markersize=4)
        other.set_ylim(0.0, 1.0)
        other.yaxis.set_major_formatter(PercentFormatter(1.0))
        other.set_ylabel("route completion")
        other.grid(visible=False)
        legend(axes, other)


def success(run: RecordedRun, axes: Axes) -> None:
    """The share of successful episodes in training and evaluation."""
    names = [name for name in (metrics.EPISODE_SUCCESS, metrics.EVAL_SUCCESS) if run.has(name)]
    if not names:
        raise NotLogged(f"{metrics.EPISODE_SUCCESS} or {metrics.EVAL_SUCCESS}")
    for name in names:
        series = run.scalars[name]
        if name == metrics.EVAL_SUCCESS:
            curve(axes, series, "evaluations", BLUE)
        elif is_running_mean(run.tag_of(name)) or not np.all(np.isin(series.values, (0.0, 1.0))):
            curve(axes, series, "training, as logged", GREEN)
        else:
            window = window_of(series.values)
            curve(axes, Series(series.steps, moving_mean(series.values, window)), f"share of the last {window} episodes", GREEN)
    axes.set_ylabel("success")
    set_steps(axes, unit_of(run))


def _dots(axes: Axes, series: Series, color: str) -> None:
    points = thinned(series)
    axes.plot(points.steps, points.values, ".", color=color, alpha=0.45, markersize=7 if len(points.steps) < 100 else 3)
