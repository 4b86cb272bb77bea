"""``trajectories.csv`` of an evaluation: position, speed and action of each step."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import numpy as np

from av_td3.runs.evaluated_episodes import Key
from av_td3.runs.files import write_atomically
from av_td3.runs.town_map import MAX_COORDINATE, Points
from av_td3.runs.trajectories import DECIMALS, TRAJECTORIES_FILE


class EvaluatedPoint(NamedTuple):
    """Position in metres and speed in m/s after a step, and the action of the step: steer and pedal in [-1, 1]."""

    x: float
    y: float
    speed: float
    steer: float
    pedal: float


COLUMNS = ("policy", "route", "repeat", *EvaluatedPoint._fields)


@dataclass(frozen=True)
class EvaluatedTrajectory:
    """An episode: ``points`` float64 (n, 5) with the columns of EvaluatedPoint."""

    policy: str
    route: str
    repeat: int
    points: Points

    @property
    def key(self) -> Key:
        """Policy, route and repeat, which identify the episode."""
        return self.policy, self.route, self.repeat

    @property
    def positions(self) -> Points:
        """float64 (n, 2), metres."""
        return self.points[:, :2]


def write_evaluated_trajectories(folder: Path, trajectories: Iterable[EvaluatedTrajectory]) -> None:
    """Write ``trajectories.csv`` atomically, in the given order, with numbers rounded to three decimals."""
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for trajectory in trajectories:
        rows.writerows([*trajectory.key, *point] for point in trajectory.points.round(DECIMALS).tolist())
    write_atomically(folder / TRAJECTORIES_FILE, lambda file: file.write(text.getvalue().encode(errors="backslashreplace")))


def read_evaluated_trajectories(folder: Path) -> list[EvaluatedTrajectory]:
    """Read all trajectories of an evaluation; empty if there is no file. Truncated or invalid lines are skipped."""
    points: dict[Key, list[EvaluatedPoint]] = defaultdict(list)
    try:
        with (folder / TRAJECTORIES_FILE).open(newline="", encoding="utf-8", errors="replace") as file:
            for row in csv.DictReader(line.replace("\0", "") for line in file):
                _add_point(row, points)
    except (OSError, csv.Error):
        pass  # keep what was read so far
    return [EvaluatedTrajectory(*key, np.array(rows, np.float64)) for key, rows in points.items()]


def _add_point(row: dict[str, str], points: dict[Key, list[EvaluatedPoint]]) -> None:
    try:
        key = row["policy"], row["route"], int(row["repeat"])
        point = EvaluatedPoint(*(float(row[name]) for name in EvaluatedPoint._fields))
    except (TypeError, ValueError, KeyError):
        return
    if all(abs(number) < MAX_COORDINATE for number in point):  # also excludes NaN
        points[key].append(point)
