"""What a run writes while it goes on: its scalars, episodes, trajectories, and the town's map."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from av_td3.runs.episodes import EpisodeRow, EpisodeTable
from av_td3.runs.folder import TENSORBOARD
from av_td3.runs.scalars import ScalarWriter
from av_td3.runs.town_map import MAP_FILE, Points, write_lanes
from av_td3.runs.trajectories import TrajectoryPoint, TrajectoryTable


class RunLog:
    """The records of one run in its folder.

    Args:
        folder: of the run.
        cursor: what ``cursor`` of an earlier process returned; what that process wrote later is dropped. None starts from
            scratch.

    """

    def __init__(self, folder: Path, cursor: dict[str, int] | None = None):
        self.folder = folder
        sizes: dict[str, int] = cursor or {}
        self._scalars = ScalarWriter(folder / TENSORBOARD, first_step=1 if cursor is None else cursor["step"] + 1)
        self._episodes = EpisodeTable(folder, sizes.get("episodes"))
        self._trajectories = TrajectoryTable(folder, sizes.get("trajectories"))
        self._has_map = (folder / MAP_FILE).is_file()

    def cursor(self, step: int) -> dict[str, int]:
        """Where the records stand after ``step``, for another process to resume from. All of them are on disk then."""
        self._scalars.flush()
        return {"step": step, "episodes": self._episodes.size(), "trajectories": self._trajectories.size()}

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Write numbers by their tags."""
        self._scalars.write(values, step)

    def episode(self, row: EpisodeRow) -> None:
        """Write down a training episode that has ended."""
        self._episodes.append_episode(row)

    def trajectory(self, purpose: str, step: int, episode: int, points: Iterable[TrajectoryPoint]) -> None:
        """Write down where an episode went, and by which actions. ``purpose`` is TRAINING or EVALUATION."""
        self._trajectories.append_trajectory(purpose, step, episode, points)

    def town(self, lanes: Sequence[Points]) -> None:
        """Keep the lanes of the town's map; only the first time."""
        if not self._has_map:
            write_lanes(self.folder, lanes)
            self._has_map = True

    def close(self) -> None:
        """Write out what is still in memory. Raises OSError."""
        self._scalars.close()
        self._episodes.close()
        self._trajectories.close()
