"""Compares the returns of two runs: their late levels and the noise within each, in words and in a plot."""

import math

from matplotlib.axes import Axes

from av_td3 import metrics
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.diagnostics.returns import NOISE, blocks_of, finite_points
from av_td3.report.key_figures import EVALUATION, number
from av_td3.report.plots import curve, thinned
from av_td3.report.return_figures import trend_in
from av_td3.runs.scalars import Series

RETURNS = {metrics.EVAL_REWARD: "evaluation reward", metrics.EPISODE_REWARD: "episode reward"}
CHANCE = "one run each, so it may be chance"


def returns_in_words(baseline: RecordedRun, candidate: RecordedRun) -> str:
    """Whether the late returns differ by more than the noise within the runs; empty if they have none in common."""
    for name, title in RETURNS.items():
        before, after = trend_in(baseline, name), trend_in(candidate, name)
        if before is not None and after is not None:
            noise = NOISE * math.hypot(before.noise, after.noise)
            gap = abs(after.late - before.late)
            levels = f"Late {title}: {number(before.late)} before, {number(after.late)} after"
            if gap > noise:
                return f"{levels}; the difference, {gap:.4g}, is more than the noise within the runs ({noise:.3g}); {CHANCE}."
            return f"{levels}; the difference, {gap:.4g}, is no more than the noise within the runs ({noise:.3g})."
        if name == metrics.EVAL_REWARD and baseline.has(name) and candidate.has(name):
            first, last = (EVALUATION.pick(run.values(name)) for run in (baseline, candidate))
            if not (math.isnan(first) or math.isnan(last)):
                return f"Last {title}: {number(first)} before, {number(last)} after; {CHANCE}."
    kinds = [next((title for name, title in RETURNS.items() if run.has(name)), None) for run in (baseline, candidate)]
    if None not in kinds and kinds[0] != kinds[1]:
        return f"Their returns cannot be compared: {kinds[0]} before, {kinds[1]} after."
    return ""


def draw_means(axes: Axes, run: RecordedRun, name: str, series: Series, label: str, color: str) -> None:
    """Draw a number of episodes: the means of its blocks with a band of two standard deviations of a block, or its few points.

    Args:
        axes: to draw on.
        run: whose episodes they are.
        name: of the quantity.
        series: its points, on the axis of the plot.
        label: of the curve.
        color: of the curve.

    """
    trend = trend_in(run, name)
    if trend is None:
        curve(axes, series, label, color)
        return
    points = finite_points(series)
    means, middles = blocks_of(points)
    raw = thinned(points)
    axes.plot(raw.steps, raw.values, ".", color=color, alpha=0.2, markersize=2.5)
    axes.fill_between(middles, means - NOISE * trend.noise, means + NOISE * trend.noise, color=color, alpha=0.2, linewidth=0)
    axes.plot(middles, means, color=color, label=label)
