"""Figures of the trajectories: what the car did and where, each a function that draws on one axis."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import PercentFormatter

from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.report.plots import BLUE, COLORS, GREEN, GREY, legend
from av_td3.runs.town_map import read_lanes
from av_td3.runs.trajectories import TRAINING, TRAJECTORIES_FILE, Trajectory, evaluations, read_trajectories

LANE_POINTS = 3  # every third point of a lane is drawn
MAP_RUNS = 400  # training episodes whose ends are drawn


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
        _trajectory(axes, trajectory, COLORS[index % len(COLORS)])
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
