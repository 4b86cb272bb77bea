"""What a run writes while it goes on: TensorBoard scalars, episodes.csv, status.json."""

import csv
import os
import time
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from av_td3.files import write_json
from av_td3.training.episode import EpisodeRecord

EPISODE_COLUMNS = ("episode", "step", "ending", "length", "reward", "route_completion", "distance", "speed", "lane_invasions")


class RunLog:
    """The records of one run in its folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._writer = SummaryWriter(str(folder / "tensorboard"), flush_secs=10)
        self._episodes_file = (folder / "episodes.csv").open("w", newline="")
        self._episodes = csv.writer(self._episodes_file)
        self._episodes.writerow(EPISODE_COLUMNS)

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

    def close(self) -> None:
        """Write out what is still in memory."""
        self._writer.close()
        self._episodes_file.close()


def write_status(folder: Path, state: str, step: int, **more: Any) -> None:
    """``status.json``: state (running, done, failed, interrupted), step, verdict, error, process."""
    content: dict[str, Any] = {"state": state, "step": step, "verdict": None, "error": None}
    write_json(folder / "status.json", content | more | {"pid": os.getpid(), "time": time.strftime("%Y-%m-%dT%H:%M:%S%z")})
