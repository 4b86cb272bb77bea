"""What a run writes while it goes on: TensorBoard scalars, episodes.csv, drives.csv, map.json."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from av_td3 import metrics
from av_td3.runs.files import write_json
from av_td3.training.episode import EpisodeRecord

EPISODE_COLUMNS = ("episode", "step", "ending", "length", "reward", "route_completion", "distance", "speed", "lane_invasions")
DRIVE_COLUMNS = ("purpose", "step", "episode", "x", "y", "steer", "pedal")


class Table:
    """A CSV file that grows, and can be cut back to where it was at a checkpoint."""

    def __init__(self, path: Path, columns: tuple[str, ...], size: int | None):
        """Begin anew, or go on behind the first ``size`` bytes."""
        self._file: IO[str] = path.open("w" if size is None else "r+", newline="")
        self._rows = csv.writer(self._file)
        if size is None:
            self._rows.writerow(columns)
        else:
            self._file.truncate(size)
            self._file.seek(0, 2)

    def add(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write rows, so that they survive this process."""
        self._rows.writerows(rows)
        self._file.flush()

    def size(self) -> int:
        """Bytes so far."""
        self._file.flush()
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        """Nothing is written any more."""
        self._file.close()


class RunLog:
    """The records of one run in its folder. They go on where ``cursor`` says, without what was written after it."""

    def __init__(self, folder: Path, cursor: dict[str, int] | None = None):
        self.folder = folder
        # A step to purge from tells all readers of TensorBoard's files to forget what an earlier file says of later steps.
        again = any((folder / "tensorboard").glob("*tfevents*"))
        purge = 1 if cursor is None else cursor["step"] + 1
        self._writer = SummaryWriter(str(folder / "tensorboard"), flush_secs=10, purge_step=purge if again else None)
        sizes: dict[str, int] = cursor or {}
        self._episodes = Table(folder / "episodes.csv", EPISODE_COLUMNS, sizes.get("episodes"))
        self._drives = Table(folder / "drives.csv", DRIVE_COLUMNS, sizes.get("drives"))
        self._town_is_known = (folder / "map.json").is_file()

    def cursor(self, step: int) -> dict[str, int]:
        """Where the records stand after ``step``, for another process to go on from. All of them are on disk then."""
        self._writer.flush()
        return {"step": step, "episodes": self._episodes.size(), "drives": self._drives.size()}

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Write numbers by their tags."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step)

    def episode(self, index: int, record: EpisodeRecord, step: int) -> None:
        """Write down a training episode that has ended. One that was skipped says nothing of how the agent drives."""
        numbers = record.scalars()
        mean_speed = numbers.pop("speed")
        if record.ending != "skipped":
            self.scalars({metrics.episode(name): value for name, value in numbers.items()} | record.reward_scalars(), step)
        row = [index, step, record.ending, record.length, record.reward, record.route_completion, record.distance]
        self._episodes.add([[*row, mean_speed, record.lane_invasions]])
        self.drive("training", index, record, step)

    def drive(self, purpose: str, index: int, record: EpisodeRecord, step: int) -> None:
        """Write down where an episode went, and by which actions."""
        self._drives.add([purpose, step, index, *(round(number, 3) for number in moment)] for moment in record.drive)

    def town(self, lanes: list[NDArray[np.float64]]) -> None:
        """Keep the map's lanes, which ``map.json`` shows under the drives; only the first time."""
        if not self._town_is_known:
            write_json(self.folder / "map.json", {"lanes": [lane.round(1).tolist() for lane in lanes]}, indent=None)
            self._town_is_known = True

    def close(self) -> None:
        """Write out what is still in memory."""
        self._writer.close()
        self._episodes.close()
        self._drives.close()
