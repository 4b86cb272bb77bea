"""``episodes.csv``: a row for each training episode."""

import csv
from pathlib import Path
from typing import NamedTuple

from av_td3.runs.table import Table

EPISODES_FILE = "episodes.csv"


class EpisodeRow(NamedTuple):
    """One episode that has ended; the fields are the columns."""

    episode: int  # from 0 on
    step: int  # environment steps of training at its end
    ending: str  # goal, collision and so on; also lost, skipped and unfinished
    length: int  # steps
    reward: float  # sum over its steps
    route_completion: float  # 0 to 1
    distance: float  # m along the route
    speed: float  # mean, m/s
    lane_invasions: int


class EpisodeTable(Table):
    """Writes the rows; ``size`` as in Table."""

    def __init__(self, folder: Path, size: int | None):
        super().__init__(folder / EPISODES_FILE, EpisodeRow._fields, size)

    def append_episode(self, row: EpisodeRow) -> None:
        """Write one row, so that it survives this process."""
        self.append([row])


def read_episodes(folder: Path) -> list[EpisodeRow]:
    """All rows of a run in their order; none where nothing was written. Lines that are cut off or damaged are left out."""
    path = folder / EPISODES_FILE
    if not path.is_file():
        return []
    rows = []
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        for line in csv.DictReader(file):
            try:
                rows.append(EpisodeRow(**{name: kind(line[name]) for name, kind in EpisodeRow.__annotations__.items()}))
            except (TypeError, ValueError, KeyError):
                continue
    return rows
