"""What a run writes while it goes on: TensorBoard scalars, episodes.csv, drives.csv, map.json, status.json."""

import csv
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from av_td3.files import write_json
from av_td3.training.episode import EpisodeRecord

EPISODE_COLUMNS = ("episode", "step", "ending", "length", "reward", "route_completion", "distance", "speed", "lane_invasions")
DRIVE_COLUMNS = ("purpose", "step", "episode", "x", "y", "steer", "pedal")


class RunLog:
    """The records of one run in its folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._writer = SummaryWriter(str(folder / "tensorboard"), flush_secs=10)
        self._episodes_file = (folder / "episodes.csv").open("w", newline="")
        self._episodes = csv.writer(self._episodes_file)
        self._episodes.writerow(EPISODE_COLUMNS)
        self._drives_file = (folder / "drives.csv").open("w", newline="")
        self._drives = csv.writer(self._drives_file)
        self._drives.writerow(DRIVE_COLUMNS)
        self._town_is_known = False

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Write numbers by their tags."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step)

    def episode(self, index: int, record: EpisodeRecord, step: int) -> None:
        """Write down a training episode that has ended."""
        numbers = record.scalars()
        mean_speed = numbers.pop("speed")
        self.scalars({f"episode/{name}": value for name, value in numbers.items()} | record.reward_scalars(), step)
        row = [index, step, record.ending, record.length, record.reward, record.route_completion, record.distance]
        self._episodes.writerow([*row, mean_speed, record.lane_invasions])
        self._episodes_file.flush()
        self.drive("training", index, record, step)

    def drive(self, purpose: str, index: int, record: EpisodeRecord, step: int) -> None:
        """Write down where an episode went, and by which actions."""
        for moment in record.drive:
            self._drives.writerow([purpose, step, index, *(round(number, 3) for number in moment)])
        self._drives_file.flush()

    def town(self, lanes: list[NDArray[np.float64]]) -> None:
        """Keep the map's lanes, which ``map.json`` shows under the drives; only the first time."""
        if not self._town_is_known:
            write_json(self.folder / "map.json", {"lanes": [lane.round(1).tolist() for lane in lanes]}, indent=None)
            self._town_is_known = True

    def close(self) -> None:
        """Write out what is still in memory."""
        self._writer.close()
        self._episodes_file.close()
        self._drives_file.close()


def write_status(folder: Path, state: str, step: int, **more: Any) -> None:
    """``status.json``: state (running, done, failed, interrupted), step, verdict, error, reason, alerts, process."""
    content: dict[str, Any] = {"state": state, "step": step, "verdict": None, "error": None, "reason": None, "alerts": {}}
    write_json(folder / "status.json", content | more | {"pid": os.getpid(), "time": time.strftime("%Y-%m-%dT%H:%M:%S%z")})
