"""``episodes.csv``: a row per training episode."""

import csv
from pathlib import Path
from typing import NamedTuple

from av_td3.runs.table import Table

EPISODES_FILE = "episodes.csv"


class EpisodeRow(NamedTuple):
    """A training episode. The fields are the columns."""

    episode: int  # number of the episode, from 0
    step: int  # environment step of training at its end
    ending: str  # name of the ending; also lost, skipped and unfinished
    length: int  # steps
    reward: float  # sum over its steps
    route_completion: float  # 0 to 1
    distance: float  # m along the route
    speed: float  # mean, m/s
    lane_invasions: int


class EpisodeTable(Table):
    """Writes ``episodes.csv``; ``size`` as in Table."""

    def __init__(self, folder: Path, size: int | None):
        super().__init__(folder / EPISODES_FILE, EpisodeRow._fields, size)

    def append_episode(self, row: EpisodeRow) -> None:
        """Write a row and flush it."""
        self.append([row])


def read_episodes(folder: Path) -> list[EpisodeRow]:
    """Read all rows of a run; an empty list if there is no file. Truncated or damaged lines are skipped."""
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
