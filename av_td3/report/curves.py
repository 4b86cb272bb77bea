"""Figures of losses, Q values, gradients, policy and reward terms, each a function that draws on one axis."""

from contextlib import suppress

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from av_td3 import metrics
from av_td3.diagnostics import quantities
from av_td3.diagnostics.phases import finite
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.rules.clipping import limit_of
from av_td3.diagnostics.thresholds import threshold_of
from av_td3.report.plots import (
    BLUE,
    COLORS,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    curve,
    legend,
    log_scale,
    set_steps,
    symlog,
    thinned,
)
from av_td3.report.reading import unit_of
from av_td3.report.smoothing import moving_median, window_of
from av_td3.runs.scalars import Series


def draw_curves(run: RecordedRun, axes: Axes, lines: dict[str, tuple[str, str]]) -> None:
    """Draw the curves of the logged names, given label and color by name. Raises NotLogged if none was logged."""
    logged = [tag for tag in lines if run.has(tag)]
    if not logged:
        raise NotLogged(" or ".join(lines))
    for tag in logged:
        curve(axes, run.scalars[tag], *lines[tag])
    set_steps(axes, unit_of(run))


def losses(run: RecordedRun, axes: Axes) -> None:
    """Losses of actor and critic, or the only loss of an algorithm without actor."""
    critic = "critic" if run.has(metrics.ACTOR_LOSS) else "loss"
    draw_curves(run, axes, {metrics.ACTOR_LOSS: ("actor", BLUE), metrics.CRITIC_LOSS: (critic, ORANGE)})
    symlog(axes)


def losses_note(run: RecordedRun) -> str:
    """How to read the losses; only where the actor maximises Q is its loss minus Q."""
    scale = "The axis is logarithmic if a loss exceeds ten."
    if not (run.has(metrics.ACTOR_LOSS) and run.algorithm.learns_q):
        return scale
    return f"{scale} The actor's loss is minus Q of its actions: compare it with Q on data."


def q_values(run: RecordedRun, axes: Axes) -> None:
    """Q of the replayed actions, Q of the policy's actions, and the target."""
    twins = run.has(metrics.Q2_VALUE)
    lines = {
        metrics.Q1_VALUE: ("Q1 on data" if twins or run.ours else "Q", ORANGE),
        metrics.Q2_VALUE: ("Q2 on data", GREEN),
        metrics.TARGET_Q_MEAN: ("target", GREY),
        metrics.ACTOR_Q_MEAN: ("Q of the policy's actions", BLUE),
        quantities.Q_MAX: ("largest of a batch", PURPLE),
    }
    draw_curves(run, axes, lines)
    symlog(axes)


def q_note(run: RecordedRun) -> str:
    """How to read the Q values."""
    if not run.has(metrics.ACTOR_Q_MEAN):
        return "Q should follow the return. If it grows far beyond what episodes earn, it is overestimated."
    return "The policy's Q should stay close to that of the data. If it is far above, the actor exploits the critic."


def norms(run: RecordedRun, axes: Axes, network: str, color: str) -> None:
    """Norm before and after the clip with the limit, and the share of updates that were clipped."""
    lines = {
        metrics.grad_norm(network, "BEFORE"): ("before", color),
        metrics.grad_norm(network, "AFTER"): ("after", "#111827"),
        metrics.grad_norm(metrics.cnn(network), "AFTER"): ("CNN after", GREEN),
        metrics.grad_norm(metrics.mlp(network), "AFTER"): ("MLP after", PURPLE),
    }
    draw_curves(run, axes, lines)
    positive = np.concatenate([finite(run.values(name)) for name in lines if run.has(name)])
    positive = positive[positive > 0.0]
    smallest = positive.min() if len(positive) else 1e-3
    log_scale(axes, "symlog", linthresh=10.0 ** np.floor(np.log10(smallest)))  # symlog, to show the 0 of a dead module
    axes.minorticks_off()
    _few_decades(axes, smallest, positive.max() if len(positive) else 1.0)
    with suppress(NotLogged):
        _draw_limit(axes, limit_of(run, network), smallest)
    if run.has(metrics.clipped_fraction(network)):
        share = axes.twinx()
        series = thinned(run.scalars[metrics.clipped_fraction(network)])
        share.fill_between(series.steps, series.values, color=color, alpha=0.12, linewidth=0, label="share clipped")
        share.set_ylim(0.0, 1.0)
        share.yaxis.set_major_formatter(PercentFormatter(1.0))
        share.set_ylabel("updates clipped")
        share.grid(visible=False)
    legend(axes)


def _draw_limit(axes: Axes, limit: float, smallest: float) -> None:
    """Draw the limit of a norm, or say in the legend that it is outside the drawn range."""
    if not np.isfinite(limit):
        return
    if 10.0 ** np.floor(np.log10(smallest)) <= limit <= axes.get_ylim()[1]:
        axes.axhline(limit, color=RED, linestyle="--", linewidth=1.2, label=f"limit {limit:g}")
    else:
        axes.plot([], [], color=RED, linestyle="--", linewidth=1.2, label=f"limit {limit:g} (outside)")


def _few_decades(axes: Axes, smallest: float, largest: float) -> None:
    """Zero and about five powers of ten."""
    low, high = int(np.floor(np.log10(smallest))), int(np.ceil(np.log10(max(largest, smallest))))
    every = max(1, -(-(high - low) // 5))
    axes.set_yticks([0.0, *(10.0**k for k in range(low, high + 1, every))])
    axes.set_ylim(0.0, 10.0 ** (high + 0.2))


def update_ratios(run: RecordedRun, axes: Axes) -> None:
    """|step| / |weights| of each module."""
    colors = zip(metrics.MODULES, (BLUE, "#93c5fd", ORANGE, "#fcd34d"), strict=True)
    draw_curves(run, axes, {metrics.update_ratio(module): (module.replace("_", " "), color) for module, color in colors})
    if axes.dataLim.minposy < np.inf:
        log_scale(axes, "log")


def reward_terms(run: RecordedRun, axes: Axes) -> None:
    """Mean per step of each reward term, or its share."""
    shares = [tag for tag in run.scalars if tag.startswith(metrics.REWARD_SHARE)]
    terms = [tag for tag in run.scalars if tag.startswith(metrics.REWARD) and tag not in shares]
    tags = [tag for tag in terms if tag not in run.read_as.values()]  # of another program, it may be the return
    for tag, color in zip(tags or shares, COLORS, strict=False):
        series = run.scalars[tag]
        smooth = Series(series.steps, moving_median(series.values, window_of(series.values)))
        curve(axes, smooth, tag.removeprefix(metrics.REWARD_SHARE).removeprefix(metrics.REWARD).replace("_", " "), color)
    if not (tags or shares):
        raise NotLogged(f"{metrics.REWARD}*")
    axes.set_ylabel("mean per step" if tags else "share")
    set_steps(axes, unit_of(run))


def saturation(run: RecordedRun, axes: Axes) -> None:
    """Saturation and mean actions of the policy."""
    lines = {
        metrics.ACTION_SATURATION: (f"share of components beyond {threshold_of(run, 'alerts.saturation_level'):g}", RED),
        metrics.ACTION_STEERING_MEAN: ("mean steer", BLUE),
        metrics.ACTION_PEDAL_MEAN: ("mean pedal", GREEN),
    }
    draw_curves(run, axes, lines)
    axes.set_ylim(-1.05, 1.05)
