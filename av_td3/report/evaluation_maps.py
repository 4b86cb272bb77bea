"""Maps of an evaluation: the trajectories over the lanes of a town, and where and how they ended."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from av_td3.report.evaluation_figures import color_of
from av_td3.report.plots import GREEN, GREY, RED, Plot, legend, to_svg
from av_td3.runs.evaluated_episodes import EvaluatedEpisode
from av_td3.runs.evaluated_trajectories import EvaluatedTrajectory
from av_td3.runs.town_map import Points

GOAL = "goal"
MARKERS = {GOAL: "o", "collision": "X", "off_road": "s", "wrong_way": "D", "time_limit": "^"}
OTHER_MARKER = "P"
MAX_POINTS = 200  # of a trajectory, drawn
LANE_POINTS = 3  # every third point of a lane is drawn
NEAR = 15.0  # m of the map around the trajectories
MAX_MAPS = 8  # policies with a map of their own


class Drive(NamedTuple):
    """An episode with its trajectory."""

    episode: EvaluatedEpisode
    trajectory: EvaluatedTrajectory


class Ground(NamedTuple):
    """What lies under the trajectories: lanes, and goals by route, in metres."""

    lanes: list[Points]
    goals: dict[str, tuple[float, float]]


def maps(
    episodes: list[EvaluatedEpisode], trajectories: list[EvaluatedTrajectory], policies: list[str], ground: Ground
) -> list[Plot]:
    """A map of all policies, and one of each policy that shows which routes succeeded.

    Args:
        episodes: of the evaluation.
        trajectories: of the same; episodes without one are left out.
        policies: in the order of their colors.
        ground: lanes of the town and goals of the routes.

    """
    by_key = {trajectory.key: trajectory for trajectory in trajectories}
    drives = [Drive(episode, by_key[episode.key]) for episode in episodes if episode.key in by_key]
    found = []
    for town in dict.fromkeys(drive.episode.town for drive in drives):
        there = [drive for drive in drives if drive.episode.town == town]
        if len(policies) > 1:
            found.append(_map(f"{town}, by policy", there, _by_policy(policies), ground))
        for policy in policies[:MAX_MAPS]:
            own = [drive for drive in there if drive.episode.policy == policy]
            if own:
                found.append(_map(f"{town}, {policy}", own, _by_success, ground))
    return found


Paint = Callable[[EvaluatedEpisode], tuple[str, str]]  # color and label of an episode


def _by_policy(policies: list[str]) -> Paint:
    return lambda episode: (color_of(policies.index(episode.policy)), episode.policy)


def _by_success(episode: EvaluatedEpisode) -> tuple[str, str]:
    return (GREEN, "success") if episode.success else (RED, "no success")


def _map(title: str, drives: list[Drive], paint: Paint, ground: Ground) -> Plot:
    positions = np.concatenate([drive.trajectory.positions for drive in drives])
    low, high = positions.min(axis=0) - NEAR, positions.max(axis=0) + NEAR
    width, height = np.maximum(high - low, 2.0 * NEAR)

    def draw(axes: Axes) -> None:
        lanes = [np.concatenate([lane[:-1:LANE_POINTS], lane[-1:]]) for lane in ground.lanes]
        axes.add_collection(LineCollection(lanes, colors="#d1d5db", linewidths=1.0, zorder=1))
        _draw_lines(axes, drives, paint)
        _draw_places(axes, drives, paint, ground.goals)
        axes.set_aspect("equal")
        axes.set_xlim(low[0], low[0] + width)
        axes.set_ylim(low[1] + height, low[1])  # CARLA's y axis points to the right of x
        axes.grid(visible=False)
        axes.set_xlabel("x (m)")
        axes.set_ylabel("y (m)")
        legend(axes)

    inches = float(np.clip(5.4 * height / width, 2.4, 7.0)) + 1.2
    return Plot(title, "A ring is a start, a star a goal, another mark the place and kind of an ending.", to_svg(draw, inches))


def _draw_lines(axes: Axes, drives: Iterable[Drive], paint: Paint) -> None:
    labels: dict[str, None] = {}
    for episode, trajectory in drives:
        color, label = paint(episode)
        points = trajectory.positions[:: max(1, len(trajectory.positions) // MAX_POINTS)]
        known = label in labels
        labels[label] = None
        axes.plot(*points.T, color=color, linewidth=1.4, alpha=0.7, label=None if known else label, zorder=2)


def _draw_places(axes: Axes, drives: Iterable[Drive], paint: Paint, goals: dict[str, tuple[float, float]]) -> None:
    """Mark starts, goals and endings."""
    ring = {"markerfacecolor": "white", "markersize": 6, "zorder": 4}
    driven = list(drives)
    for trajectory in {drive.trajectory.route: drive.trajectory for drive in driven}.values():
        axes.plot(*trajectory.positions[0], "o", color=GREY, **ring)  # type: ignore[arg-type]
        if trajectory.route in goals:
            axes.plot(*goals[trajectory.route], "*", color="#111827", markersize=10, zorder=4)
    for kind in dict.fromkeys([*MARKERS, *(drive.episode.ending for drive in driven)]):
        ended = [drive for drive in driven if drive.episode.ending == kind]
        for episode, trajectory in ended:
            marker = MARKERS.get(kind, OTHER_MARKER)
            axes.plot(
                *trajectory.positions[-1], marker, color=paint(episode)[0], markersize=6, markeredgecolor="white", zorder=5
            )
        if ended:
            axes.plot([], [], MARKERS.get(kind, OTHER_MARKER), color=GREY, markersize=6, label=kind)
