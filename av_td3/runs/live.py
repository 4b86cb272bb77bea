"""``live/``: what the environments of a running run see and do, for ``av-td3 watch``.

Whoever watches touches ``live/watched``; meanwhile the run keeps one file per environment current. At the end of its process,
it removes the folder.
"""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LIVE = "live"  # folder
WATCHED = "watched"
PREFIX, SUFFIX = "env-", ".json"
CHECK_INTERVAL = 0.25  # s between looks for somebody who watches
ABSENCE = 10.0  # s without a touch after which nobody watches any more
MAX_SIZE = 8_000_000  # bytes; larger files are not of a run

Number = float | None  # None for what is not finite, which JSON does not have
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Position = tuple[float, float]  # x and y in metres


class FinishedEpisode(BaseModel):
    """How an episode of training ended."""

    episode: int
    ending: str
    reward: Number  # sum over its steps
    route_completion: Fraction


class LiveFrame(BaseModel):
    """An environment after one step."""

    model_config = ConfigDict(allow_inf_nan=False)

    step: int  # environment step of training
    total_steps: int
    score: Number  # reward of the newest evaluation
    episode: int  # from 0 on
    episode_step: int  # from 1 on
    action: dict[str, Number]  # by component, each in [-1, 1]
    speed: Number  # m/s
    position: Position
    trail: list[Position]  # of the episode, oldest first
    terms: dict[str, Number]  # of the step's reward
    reward: Number  # of the step
    episode_reward: Number  # so far
    route_completion: Fraction | None  # so far
    ending: str | None  # of the episode, after its last step
    previous: FinishedEpisode | None  # of this environment
    image: str | None  # PNG in base64; None without cameras


class Audience:
    """Tells the run's process whether somebody watches.

    It notices that ``watched`` has changed, and compares no clocks: those of two machines of a cluster may differ.

    Args:
        folder: of the run.

    """

    def __init__(self, folder: Path):
        self._path = folder / LIVE / WATCHED
        self._checked = self._seen = float("-inf")  # s
        self._touched: int | None = None

    def is_present(self, now: float) -> bool:
        """Whether somebody watches, at the monotonic time ``now`` (s). Costs a look at the file every quarter of a second."""
        if now - self._checked >= CHECK_INTERVAL:
            self._checked = now
            self._look(now)
        return now - self._seen < ABSENCE

    def _look(self, now: float) -> None:
        try:
            touched = os.stat(self._path).st_mtime_ns
        except OSError:
            self._touched, self._seen = None, float("-inf")
            return
        if touched != self._touched:
            self._touched, self._seen = touched, now


def write_frame(folder: Path, env_index: int, frame: LiveFrame) -> None:
    """Replace the frame of an environment atomically. It need not survive a power failure, so nothing waits for the disk.

    Raises:
        OSError: it cannot be written.

    """
    path = _frame_path(folder, env_index)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(exist_ok=True)
    try:
        temporary.write_text(frame.model_dump_json(), encoding="utf-8")
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_live(folder: Path) -> None:
    """Remove ``live/`` of a run, as far as that is possible."""
    shutil.rmtree(folder / LIVE, ignore_errors=True)


# -- for those who watch -----------------------------------------------------------------------------------------------


def touch_watched(folder: Path) -> None:
    """Tell the run that somebody watches. To be repeated every few seconds. Raises OSError if the folder is not writable."""
    path = folder / LIVE / WATCHED
    path.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # the run has just removed the folder
        path.touch()


def stop_watching(folder: Path) -> None:
    """Tell the run that nobody watches, and remove ``live/`` if the run has left it empty."""
    with contextlib.suppress(OSError):
        (folder / LIVE / WATCHED).unlink(missing_ok=True)
        (folder / LIVE).rmdir()


def frame_times(folder: Path) -> dict[int, int]:
    """When the frame of each environment was written, in ns of the file system's clock, by index."""
    times = {}
    for path in (folder / LIVE).glob(f"{PREFIX}*{SUFFIX}"):
        number = path.name.removeprefix(PREFIX).removesuffix(SUFFIX)
        if number.isascii() and number.isdecimal():
            with contextlib.suppress(OSError):
                times[int(number)] = path.stat().st_mtime_ns
    return dict(sorted(times.items()))


def read_frame(folder: Path, env_index: int) -> LiveFrame | None:
    """Read the newest frame of an environment; None if there is none, or it is damaged."""
    path = _frame_path(folder, env_index)
    try:
        if not path.is_file() or path.stat().st_size > MAX_SIZE:
            return None
        return LiveFrame.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _frame_path(folder: Path, env_index: int) -> Path:
    return folder / LIVE / f"{PREFIX}{env_index}{SUFFIX}"
