"""Where the car went, and by which actions: ``drives.csv`` and ``map.json`` of a run."""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
FARTHEST = 1e7  # m; what lies beyond is no place on a map


@dataclass(frozen=True)
class Drive:
    """One episode: positions (n, 2) in metres, actions (n, 2) steer and pedal."""

    purpose: str  # training or evaluation
    step: int  # environment steps of training at its end
    episode: int
    positions: Points
    actions: Points


def read_drives(folder: Path) -> list[Drive]:
    """All drives of a run in their order; none where nothing was written. Lines that are cut off or hold no numbers are
    left out.
    """
    path = folder / "drives.csv"
    if not path.is_file():
        return []
    rows: dict[tuple[str, int, int], list[tuple[float, ...]]] = defaultdict(list)
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            for row in csv.DictReader(file):
                _take(row, rows)
    except (OSError, csv.Error):
        pass  # what was read so far is shown
    drives = []
    for (purpose, step, episode), moments in rows.items():
        table = np.array(moments)
        drives.append(Drive(purpose, step, episode, table[:, :2], table[:, 2:]))
    return drives


def _take(row: dict[str, str], rows: dict[tuple[str, int, int], list[tuple[float, ...]]]) -> None:
    try:
        key = row["purpose"], int(row["step"]), int(row["episode"])
        moment = tuple(float(row[name]) for name in ("x", "y", "steer", "pedal"))
    except (TypeError, ValueError, KeyError):
        return
    if all(abs(number) < FARTHEST for number in moment):  # and no NaN
        rows[key].append(moment)


def read_lanes(folder: Path) -> list[Points]:
    """Centre lines (n, 2) of the town's lanes, in metres; none where nothing was written, or nothing that can be read."""
    path = folder / "map.json"
    if not path.is_file():
        return []
    try:
        lanes = [np.array(lane, np.float64) for lane in json.loads(path.read_text(encoding="utf-8"))["lanes"]]
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return []
    return [lane for lane in lanes if lane.ndim == 2 and lane.shape[1] == 2 and np.all(np.abs(lane) < FARTHEST)]


def evaluations(drives: list[Drive]) -> list[list[Drive]]:
    """The drives of each evaluation, in the order of time."""
    by_step: dict[int, list[Drive]] = defaultdict(list)
    for drive in drives:
        if drive.purpose == "evaluation":
            by_step[drive.step].append(drive)
    return [by_step[step] for step in sorted(by_step)]
