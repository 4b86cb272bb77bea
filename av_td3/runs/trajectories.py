"""``trajectories.csv``: position and action of each step."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from av_td3.runs.table import Table
from av_td3.runs.town_map import MAX_COORDINATE, Points

TRAJECTORIES_FILE = "trajectories.csv"
FORMER_FILE = "drives.csv"  # name of the file in version 0.1.0, with the same columns
TRAINING, EVALUATION = "training", "evaluation"  # purpose of an episode
DECIMALS = 3


class TrajectoryPoint(NamedTuple):
    """Position in metres after a step, and the action of the step: steer and pedal in [-1, 1]."""

    x: float
    y: float
    steer: float
    pedal: float


COLUMNS = ("purpose", "step", "episode", *TrajectoryPoint._fields)


@dataclass(frozen=True)
class Trajectory:
    """An episode: ``positions`` float64 (n, 2) in metres, ``actions`` float64 (n, 2), steer and pedal."""

    purpose: str  # TRAINING or EVALUATION
    step: int  # environment step of training at its end
    episode: int
    positions: Points
    actions: Points


class TrajectoryTable(Table):
    """Writes ``trajectories.csv``; ``size`` as in Table."""

    def __init__(self, folder: Path, size: int | None):
        super().__init__(folder / TRAJECTORIES_FILE, COLUMNS, size)

    def append_trajectory(self, purpose: str, step: int, episode: int, points: Iterable[TrajectoryPoint]) -> None:
        """Write the points of an episode and flush them."""
        self.append([purpose, step, episode, *(round(number, DECIMALS) for number in point)] for point in points)


def read_trajectories(folder: Path) -> list[Trajectory]:
    """Read all trajectories of a run; an empty list if there is no file. Truncated or invalid lines are skipped."""
    path = next((path for name in (TRAJECTORIES_FILE, FORMER_FILE) if (path := folder / name).is_file()), None)
    if path is None:
        return []
    points: dict[tuple[str, int, int], list[TrajectoryPoint]] = defaultdict(list)
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            for row in csv.DictReader(file):
                _add_point(row, points)
    except (OSError, csv.Error):
        pass  # keep what was read so far
    trajectories = []
    for (purpose, step, episode), rows in points.items():
        table = np.array(rows)
        trajectories.append(Trajectory(purpose, step, episode, table[:, :2], table[:, 2:]))
    return trajectories


def _add_point(row: dict[str, str], points: dict[tuple[str, int, int], list[TrajectoryPoint]]) -> None:
    try:
        key = row["purpose"], int(row["step"]), int(row["episode"])
        point = TrajectoryPoint(*(float(row[name]) for name in TrajectoryPoint._fields))
    except (TypeError, ValueError, KeyError):
        return
    if all(abs(number) < MAX_COORDINATE for number in point):  # also excludes NaN
        points[key].append(point)


def evaluations(trajectories: list[Trajectory]) -> list[list[Trajectory]]:
    """The trajectories grouped by evaluation, in the order of training."""
    by_step: dict[int, list[Trajectory]] = defaultdict(list)
    for trajectory in trajectories:
        if trajectory.purpose == EVALUATION:
            by_step[trajectory.step].append(trajectory)
    return [by_step[step] for step in sorted(by_step)]
