"""Figures of what only some algorithms log: PPO's policy steps and values, SAC's temperature, DQN's exploration."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from av_td3.diagnostics import quantities as q
from av_td3.diagnostics.phases import finite
from av_td3.diagnostics.program import Program
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.report.curves import draw_curves
from av_td3.report.plots import BLUE, GREEN, GREY, ORANGE, PURPLE, curve, legend, log_if_wide, symlog
from av_td3.report.reading import unit_of

LOWEST_VARIANCE = -1.5  # explained variance below which nothing is drawn: it has no lower bound


def one_curve(run: RecordedRun, axes: Axes, name: str, label: str, color: str) -> None:
    """The curve of one quantity, on a symmetric log axis where it is large."""
    draw_curves(run, axes, {name: (label, color)})
    symlog(axes)


def policy_steps(run: RecordedRun, axes: Axes) -> None:
    """The KL divergence of each update, and the share of clipped ratios on an axis of its own."""
    draw_curves(run, axes, {q.APPROX_KL: ("KL", BLUE)} if run.has(q.APPROX_KL) else {q.CLIP_FRACTION: ("clipped", ORANGE)})
    if run.has(q.APPROX_KL):
        axes.set_ylabel("approximate KL")
        log_if_wide(axes, finite(run.values(q.APPROX_KL)))
    if run.has(q.APPROX_KL) and run.has(q.CLIP_FRACTION):
        share = _twin(run, axes, q.CLIP_FRACTION, "ratios clipped")
        share.set_ylim(0.0, 1.0)
        share.yaxis.set_major_formatter(PercentFormatter(1.0))
        legend(axes, share)


def explained_variance(run: RecordedRun, axes: Axes) -> None:
    """The explained variance of the returns between nothing and all."""
    draw_curves(run, axes, {q.EXPLAINED_VARIANCE: ("explained variance", GREEN)})
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    lowest = np.min(finite(run.values(q.EXPLAINED_VARIANCE)), initial=0.0)
    axes.set_ylim(max(lowest - 0.05, LOWEST_VARIANCE), 1.05)


def explained_variance_note(run: RecordedRun) -> str:
    """How to read the explained variance, and how much of it is cut off."""
    note = "Of the returns by the value function: 1 is perfect, 0 is no better than a constant."
    low = int(np.sum(finite(run.values(q.EXPLAINED_VARIANCE)) < LOWEST_VARIANCE))
    return note + (f" {low} points are below {LOWEST_VARIANCE:g} and not drawn." if low else "")


def entropy(run: RecordedRun, axes: Axes) -> None:
    """Entropy of the policy, and its standard deviation on an axis of its own."""
    if run.has(q.ENTROPY) and run.has(q.STD):
        draw_curves(run, axes, {q.ENTROPY: ("entropy", BLUE)})
        axes.set_ylabel("entropy")
        legend(axes, _twin(run, axes, q.STD, "standard deviation"))
    else:
        draw_curves(run, axes, {q.ENTROPY: ("entropy", BLUE), q.STD: ("standard deviation", ORANGE)})


def entropy_note(run: RecordedRun) -> str:
    """What the entropy says, and whether it was logged negated."""
    note = "How much the policy explores."
    if not run.has(q.ENTROPY) or "loss" not in run.tag_of(q.ENTROPY).lower().rpartition("/")[2]:
        return note
    if run.program is Program.SB3:
        return f"{note} Stable-Baselines3 logs it negated: it falls as the policy spreads."
    return f"{note} Its name is that of a loss, so it may be negated."


def temperature(run: RecordedRun, axes: Axes) -> None:
    """The weight of the entropy in the return of SAC."""
    draw_curves(run, axes, {q.TEMPERATURE: ("temperature", PURPLE)})
    log_if_wide(axes, finite(run.values(q.TEMPERATURE)))


def exploration_rate(run: RecordedRun, axes: Axes) -> None:
    """The share of random actions."""
    draw_curves(run, axes, {q.EPSILON: ("random actions", PURPLE)})
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _twin(run: RecordedRun, axes: Axes, name: str, label: str) -> Axes:
    other: Axes = axes.twinx()
    curve(other, run.scalars[name], label, ORANGE, alpha=0.8)
    other.set_ylabel(label)
    other.grid(visible=False)
    other.set_xlabel(unit_of(run))
    return other


def total_loss(run: RecordedRun, axes: Axes) -> None:
    """A sum of losses, where it was not read as the loss of the critic."""
    if q.TOTAL_LOSS in run.read_as.values():
        raise NotLogged(q.TOTAL_LOSS)
    one_curve(run, axes, q.TOTAL_LOSS, "total loss", GREY)
