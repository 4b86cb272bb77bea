"""Where the car went, and by which actions: ``drives.csv`` and ``map.json`` of a run."""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Drive:
    """One episode: positions (n, 2) in metres, actions (n, 2) steer and pedal."""

    purpose: str  # training or evaluation
    step: int  # environment steps of training at its end
    episode: int
    positions: Points
    actions: Points


def read_drives(folder: Path) -> list[Drive]:
    """All drives of a run in their order; none where nothing was written. A last line that is cut off is left out."""
    path = folder / "drives.csv"
    if not path.is_file():
        return []
    rows: dict[tuple[str, int, int], list[tuple[float, ...]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            try:
                key = row["purpose"], int(row["step"]), int(row["episode"])
                rows[key].append(tuple(float(row[name]) for name in ("x", "y", "steer", "pedal")))
            except (TypeError, ValueError, KeyError):
                continue
    drives = []
    for (purpose, step, episode), moments in rows.items():
        table = np.array(moments)
        drives.append(Drive(purpose, step, episode, table[:, :2], table[:, 2:]))
    return drives


def read_lanes(folder: Path) -> list[Points]:
    """Centre lines (n, 2) of the town's lanes, in metres; none where nothing was written."""
    path = folder / "map.json"
    if not path.is_file():
        return []
    try:
        return [np.array(lane) for lane in json.loads(path.read_text())["lanes"]]
    except (ValueError, KeyError):
        return []


def evaluations(drives: list[Drive]) -> list[list[Drive]]:
    """The drives of each evaluation, in the order of time."""
    by_step: dict[int, list[Drive]] = defaultdict(list)
    for drive in drives:
        if drive.purpose == "evaluation":
            by_step[drive.step].append(drive)
    return [by_step[step] for step in sorted(by_step)]
