"""Writes the records of a run: scalars, episodes, trajectories and the map of the town."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tensorboard.compat.proto.summary_pb2 import Summary

from av_td3.runs.episodes import EpisodeRow, EpisodeTable
from av_td3.runs.folder import TENSORBOARD
from av_td3.runs.scalars import ScalarWriter
from av_td3.runs.town_map import MAP_FILE, Points, write_lanes
from av_td3.runs.trajectories import TrajectoryPoint, TrajectoryTable


class RunLog:
    """Writes the records of a run into its folder.

    Args:
        folder: of the run.
        cursor: returned by ``cursor`` in an earlier process, whose later records are dropped. None starts from scratch.

    """

    def __init__(self, folder: Path, cursor: dict[str, int] | None = None):
        self.folder = folder
        sizes: dict[str, int] = cursor or {}
        self._scalars = ScalarWriter(folder / TENSORBOARD, first_step=1 if cursor is None else cursor["step"] + 1)
        self._episodes = EpisodeTable(folder, sizes.get("episodes"))
        self._trajectories = TrajectoryTable(folder, sizes.get("trajectories"))
        self._has_map = (folder / MAP_FILE).is_file()

    def cursor(self, step: int) -> dict[str, int]:
        """Flush all records, and return their positions for a later process to resume from.

        Args:
            step: the current environment step.

        """
        self._scalars.flush()
        return {"step": step, "episodes": self._episodes.size(), "trajectories": self._trajectories.size()}

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Write scalars to TensorBoard.

        Args:
            values: by tag.
            step: environment step.

        """
        self._scalars.write(values, step)

    def summary(self, summary: Summary, step: int) -> None:
        """Write what is no scalar to TensorBoard: an image, a text, hyperparameters.

        Args:
            summary: with its tag.
            step: environment step.

        """
        self._scalars.write_summary(summary, step)

    def episode(self, row: EpisodeRow) -> None:
        """Write a training episode to ``episodes.csv``."""
        self._episodes.append_episode(row)

    def trajectory(self, purpose: str, step: int, episode: int, points: Iterable[TrajectoryPoint]) -> None:
        """Write the positions and actions of an episode to ``trajectories.csv``.

        Args:
            purpose: TRAINING or EVALUATION.
            step: environment step of training at its end.
            episode: number of the episode.
            points: position in metres and action of each step.

        """
        self._trajectories.append_trajectory(purpose, step, episode, points)

    def town(self, lanes: Sequence[Points]) -> None:
        """Write the map of the town, on the first call only.

        Args:
            lanes: centre lines, float64 (n, 2) in metres.

        """
        if not self._has_map:
            write_lanes(self.folder, lanes)
            self._has_map = True

    def close(self) -> None:
        """Flush and close all files. Raises OSError."""
        self._scalars.close()
        self._episodes.close()
        self._trajectories.close()
