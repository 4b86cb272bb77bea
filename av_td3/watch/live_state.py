"""What is shown of a run: its status, and the newest frame of each environment."""

import time
from pathlib import Path
from typing import Any, NamedTuple

from av_td3.runs.live import LiveFrame, frame_times, read_frame, touch_watched
from av_td3.runs.lock import is_in_use
from av_td3.runs.status import UNFINISHED, read_status

TOUCH_INTERVAL = 1.0  # s


class NewestFrame(NamedTuple):
    """A frame; ``number`` changes with each new one, and ``age`` (s) is the time since this process first saw it."""

    frame: LiveFrame
    number: int
    age: float


class LiveRun:
    """A run as its folder shows it. The folder may be on a disk that several machines share.

    Args:
        folder: of the run.

    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._touched = float("-inf")
        self._seen: dict[int, tuple[int, float]] = {}  # time of an environment's file, and when it was first seen

    def keep_watching(self) -> None:
        """Tell the run that somebody watches, at most once per second. Raises OSError if the folder is not writable."""
        now = time.monotonic()
        if now - self._touched >= TOUCH_INTERVAL and not self.has_ended:
            self._touched = now
            touch_watched(self.folder)

    @property
    def status(self) -> dict[str, Any]:
        """The entries of the run's status; empty where it has none yet."""
        return read_status(self.folder, [])

    @property
    def has_ended(self) -> bool:
        """Whether the run will write no more frames, unless it is resumed."""
        state = self.status.get("state")
        return state is not None and state not in UNFINISHED and not is_in_use(self.folder)

    def environments(self) -> list[int]:
        """Indexes of the environments that have a frame."""
        return list(frame_times(self.folder))

    def newest(self, env_index: int) -> NewestFrame | None:
        """The newest frame of an environment; None if there is none."""
        written = frame_times(self.folder).get(env_index)
        frame = None if written is None else read_frame(self.folder, env_index)
        if written is None or frame is None:
            return None
        known, since = self._seen.get(env_index, (None, 0.0))
        if written != known:
            since = time.monotonic()
            self._seen[env_index] = (written, since)
        return NewestFrame(frame, written, time.monotonic() - since)

    def content(self, env_index: int) -> dict[str, Any]:
        """All that the page shows, as JSON.

        Args:
            env_index: the environment whose frame is wanted.

        """
        status, newest = self.status, self.newest(env_index)
        return {
            "run": self.folder.resolve().name,
            **{name: status.get(name) for name in ("state", "step", "verdict", "error", "reason")},
            "ended": self.has_ended,
            "alerts": active_alerts(status),
            "environments": self.environments(),
            "frame": None if newest is None else newest.frame.model_dump(mode="json"),
            "age": None if newest is None else round(newest.age, 1),
        }


def active_alerts(status: dict[str, Any]) -> list[str]:
    """Names of the alerts that are raised, by the status of a run."""
    alerts = status.get("alerts") or {}
    return [str(name) for name, alert in alerts.items() if isinstance(alert, dict) and alert.get("active")]
