"""The figures of a report, each a function that draws on one axis."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import PercentFormatter

from av_td3 import metrics
from av_td3.diagnostics.phases import Values, finite
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.rules.clipping import limit_of
from av_td3.diagnostics.thresholds import threshold_of
from av_td3.report.plots import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    Plot,
    curve,
    legend,
    log_scale,
    set_steps,
    symlog,
    thinned,
    to_svg,
)
from av_td3.runs.scalars import Series
from av_td3.runs.town_map import read_lanes
from av_td3.runs.trajectories import TRAINING, TRAJECTORIES_FILE, Trajectory, evaluations, read_trajectories

TERM_COLORS = (BLUE, ORANGE, GREEN, PURPLE, RED, "#0891b2", "#be185d", GREY)
WINDOW = 20  # episodes in the moving median
LANE_POINTS = 3  # every third point of a lane is drawn
MAP_RUNS = 400  # training episodes whose ends are drawn


class RunFigure(NamedTuple):
    """A figure of the report. It can be drawn of every run that logged what it shows."""

    title: str
    note: str
    draw: Callable[[RecordedRun, Axes], None]  # raises NotLogged
    height: float = 3.2  # inches; the width is 6


def draw_figure(figure: RunFigure, run: RecordedRun) -> Plot:
    """Draw a figure of a run. Raises NotLogged if the run did not log what it shows."""
    return Plot(figure.title, figure.note, to_svg(lambda axes: figure.draw(run, axes), figure.height))


# -- curves ------------------------------------------------------------------------------------------------------------


def moving_median(values: Values, window: int = WINDOW) -> Values:
    """The median of each value and the ``window - 1`` values before it."""
    return np.array([np.median(values[max(0, i - window + 1) : i + 1]) for i in range(len(values))])


def _curves(run: RecordedRun, axes: Axes, lines: dict[str, tuple[str, str]]) -> None:
    """Draw the curves of the logged tags, given label and color by tag. Raises NotLogged if none was logged."""
    logged = [tag for tag in lines if run.has(tag)]
    if not logged:
        raise NotLogged(" or ".join(lines))
    for tag in logged:
        curve(axes, run.scalars[tag], *lines[tag])
    set_steps(axes)


def losses(run: RecordedRun, axes: Axes) -> None:
    """Losses of actor and critic."""
    _curves(run, axes, {metrics.ACTOR_LOSS: ("actor", BLUE), metrics.CRITIC_LOSS: ("critic", ORANGE)})
    symlog(axes)


def q_values(run: RecordedRun, axes: Axes) -> None:
    """Q of the replayed actions, Q of the policy's actions, and the target."""
    lines = {
        metrics.Q1_VALUE: ("Q1 on data", ORANGE),
        metrics.Q2_VALUE: ("Q2 on data", GREEN),
        metrics.TARGET_Q_MEAN: ("target", GREY),
        metrics.ACTOR_Q_MEAN: ("Q of the policy's actions", BLUE),
    }
    _curves(run, axes, lines)
    symlog(axes)


def norms(run: RecordedRun, axes: Axes, network: str, color: str) -> None:
    """Norm before and after the clip with the limit, and the share of updates that were clipped."""
    lines = {
        metrics.grad_norm(network, "BEFORE"): ("before", color),
        metrics.grad_norm(network, "AFTER"): ("after", "#111827"),
        metrics.grad_norm(metrics.cnn(network), "AFTER"): ("CNN after", GREEN),
        metrics.grad_norm(metrics.mlp(network), "AFTER"): ("MLP after", PURPLE),
    }
    _curves(run, axes, lines)
    positive = np.concatenate([finite(run.values(name)) for name in lines if run.has(name)])
    positive = positive[positive > 0.0]
    smallest = positive.min() if len(positive) else 1e-3
    log_scale(axes, "symlog", linthresh=10.0 ** np.floor(np.log10(smallest)))  # symlog, to show the 0 of a dead module
    axes.minorticks_off()
    _few_decades(axes, smallest, positive.max() if len(positive) else 1.0)
    with suppress(NotLogged):
        limit = limit_of(run, network)
        if np.isfinite(limit):
            axes.axhline(limit, color=RED, linestyle="--", linewidth=1.2, label=f"limit {limit:g}")
    if run.has(metrics.clipped_fraction(network)):
        share = axes.twinx()
        series = thinned(run.scalars[metrics.clipped_fraction(network)])
        share.fill_between(series.steps, series.values, color=color, alpha=0.12, linewidth=0, label="share clipped")
        share.set_ylim(0.0, 1.0)
        share.yaxis.set_major_formatter(PercentFormatter(1.0))
        share.set_ylabel("updates clipped")
        share.grid(visible=False)
    legend(axes)


def _few_decades(axes: Axes, smallest: float, largest: float) -> None:
    """Zero and about five powers of ten."""
    low, high = int(np.floor(np.log10(smallest))), int(np.ceil(np.log10(max(largest, smallest))))
    every = max(1, -(-(high - low) // 5))
    axes.set_yticks([0.0, *(10.0**k for k in range(low, high + 1, every))])
    axes.set_ylim(0.0, 10.0 ** (high + 0.2))


def update_ratios(run: RecordedRun, axes: Axes) -> None:
    """|step| / |weights| of each module."""
    colors = zip(metrics.MODULES, (BLUE, "#93c5fd", ORANGE, "#fcd34d"), strict=True)
    _curves(run, axes, {metrics.update_ratio(module): (module.replace("_", " "), color) for module, color in colors})
    if axes.dataLim.minposy < np.inf:
        log_scale(axes, "log")


def reward_terms(run: RecordedRun, axes: Axes) -> None:
    """Mean per step of each reward term, or its share."""
    shares = [tag for tag in run.scalars if tag.startswith(metrics.REWARD_SHARE)]
    tags = [tag for tag in run.scalars if tag.startswith(metrics.REWARD) and tag not in shares]
    for tag, color in zip(tags or shares, TERM_COLORS, strict=False):
        series = run.scalars[tag]
        smooth = Series(series.steps, moving_median(series.values))
        curve(axes, smooth, tag.removeprefix(metrics.REWARD_SHARE).removeprefix(metrics.REWARD).replace("_", " "), color)
    if not (tags or shares):
        raise NotLogged(f"{metrics.REWARD}*")
    axes.set_ylabel("mean per step" if tags else "share")
    set_steps(axes)


def episode_figure(run: RecordedRun, axes: Axes, tag: str, label: str, color: str) -> None:
    """A number of every training episode, and its moving median."""
    series = run.series(tag)
    points = thinned(series)
    axes.plot(points.steps, points.values, ".", color=color, alpha=0.45, markersize=7 if len(points.steps) < 100 else 3)
    curve(axes, Series(series.steps, moving_median(series.values)), f"median of {WINDOW}", color)
    with suppress(NotLogged):
        axes.axvline(run.learning_from, color=GREY, linestyle=":", linewidth=1.0, label="learning starts")
    axes.set_ylabel(label)
    set_steps(axes)


def evaluation(run: RecordedRun, axes: Axes) -> None:
    """Reward and route completion of the evaluations."""
    curve(axes, run.series(metrics.EVAL_REWARD), "reward", BLUE, marker="o", markersize=4)
    axes.set_ylabel("reward")
    set_steps(axes)
    if run.has(metrics.EVAL_ROUTE_COMPLETION):
        other = axes.twinx()
        curve(other, run.scalars[metrics.EVAL_ROUTE_COMPLETION], "route completion", GREEN, marker="s", markersize=4)
        other.set_ylim(0.0, 1.0)
        other.yaxis.set_major_formatter(PercentFormatter(1.0))
        other.set_ylabel("route completion")
        other.grid(visible=False)
        legend(axes, other)


def saturation(run: RecordedRun, axes: Axes) -> None:
    """Saturation and mean actions of the policy."""
    lines = {
        metrics.ACTION_SATURATION: (f"share of components beyond {threshold_of(run, 'alerts.saturation_level'):g}", RED),
        metrics.ACTION_STEERING_MEAN: ("mean steer", BLUE),
        metrics.ACTION_PEDAL_MEAN: ("mean pedal", GREEN),
    }
    _curves(run, axes, lines)
    axes.set_ylim(-1.05, 1.05)


# -- trajectories -------------------------------------------------------------------------------------------------------


def actions(run: RecordedRun, axes: Axes) -> None:
    """Histogram of steer and pedal in the last evaluation, or in the last training episodes if there was none."""
    episodes = read_trajectories(run.folder)
    rounds = evaluations(episodes)
    shown = rounds[-1] if rounds else episodes[-10:]
    if not shown:
        raise NotLogged(TRAJECTORIES_FILE)
    chosen = np.concatenate([trajectory.actions for trajectory in shown])
    bins = np.linspace(-1.0, 1.0, 41)
    for column, (label, color) in enumerate((("steer (right positive)", BLUE), ("pedal (throttle positive)", GREEN))):
        weights = np.full(len(chosen), 1.0 / len(chosen))
        axes.hist(chosen[:, column], bins=list(bins), weights=weights, color=color, alpha=0.55, label=label)
    axes.set_xlim(-1.05, 1.05)
    axes.set_xlabel("action")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_ylabel("steps")
    legend(axes)


def trajectories(run: RecordedRun, axes: Axes) -> None:
    """Trajectories of the last evaluation on the map, and where training episodes ended."""
    episodes = read_trajectories(run.folder)
    if not episodes:
        raise NotLogged(TRAJECTORIES_FILE)
    lanes = [np.concatenate([lane[:-1:LANE_POINTS], lane[-1:]]) for lane in read_lanes(run.folder)]
    axes.add_collection(LineCollection(lanes, colors="#d1d5db", linewidths=1.0, zorder=1))
    ends = np.array([episode.positions[-1] for episode in episodes if episode.purpose == TRAINING][-MAP_RUNS:])
    if len(ends):
        axes.plot(ends[:, 0], ends[:, 1], ".", color=GREY, markersize=3, alpha=0.6, label="ends of training episodes", zorder=2)
    rounds = evaluations(episodes)
    for index, trajectory in enumerate(rounds[-1] if rounds else []):
        _trajectory(axes, trajectory, TERM_COLORS[index % len(TERM_COLORS)])
    axes.set_aspect("equal")
    axes.invert_yaxis()  # CARLA's y axis points to the right of x
    axes.grid(visible=False)
    axes.set_xlabel("x (m)")
    axes.set_ylabel("y (m)")
    legend(axes)


def _trajectory(axes: Axes, trajectory: Trajectory, color: str) -> None:
    x, y = trajectory.positions[:, 0], trajectory.positions[:, 1]
    axes.plot(x, y, color=color, linewidth=2.2, label=f"evaluation {trajectory.episode}", zorder=3)
    axes.plot(x[:1], y[:1], "o", color=color, markersize=5, zorder=4)
    axes.plot(x[-1:], y[-1:], "X", color=color, markersize=7, zorder=4)


FIGURES = (
    RunFigure(
        "Losses",
        "On a symmetric log axis above ten. The actor's loss is minus Q of its actions: compare it with Q on data.",
        losses,
    ),
    RunFigure(
        "Q values",
        "The policy's Q should stay close to that of the data. If it is far above, the actor exploits the critic.",
        q_values,
    ),
    RunFigure(
        "Actor gradient norm",
        "Before and after the clip; shaded, the share of clipped updates. An MLP with a norm of 0 does not learn.",
        lambda run, axes: norms(run, axes, metrics.ACTOR, BLUE),
        3.4,
    ),
    RunFigure(
        "Critic gradient norm",
        "The same for the critic. With Adam, a limit that always binds hardly changes the mean step.",
        lambda run, axes: norms(run, axes, metrics.CRITIC, ORANGE),
        3.4,
    ),
    RunFigure("Update ratios", "Norm of the optimizer's step over that of the weights; about 1e-3 is usual.", update_ratios),
    RunFigure("Policy", "Components beyond 0.99 have almost no gradient.", saturation),
    RunFigure(
        "Episode length",
        "Training episodes. Shorter episodes are an early sign of a failing policy.",
        lambda run, axes: episode_figure(run, axes, metrics.EPISODE_LENGTH, "steps", BLUE),
    ),
    RunFigure(
        "Episode reward",
        "Training episodes, with exploration noise.",
        lambda run, axes: episode_figure(run, axes, metrics.EPISODE_REWARD, "reward", GREEN),
    ),
    RunFigure("Reward by term", "Moving median over training episodes. No term should outweigh all others.", reward_terms),
    RunFigure("Evaluation", "The same episodes every time, without exploration noise.", evaluation),
    RunFigure("Actions", "Of the last evaluation. Spikes at -1 and 1 indicate a saturated policy.", actions, 4.2),
    RunFigure("Trajectories", "The last evaluation from dot to cross, and the ends of training episodes.", trajectories, 4.2),
)
