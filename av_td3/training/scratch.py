"""Checkpoints on the node's own disk, copied to the run's folder now and then, and when the process ends.

On a cluster the run's folder is on a file system that all nodes share, where every write costs all of them. The folders of
checkpoints and of the replay never change once they have their names, so a copy is complete when the same names are there.

    scratch/av_td3-<token>/checkpoints/   as in the run's folder; likewise replay/
    RUN/checkpoints/scratch               the token: whoever finds that folder on its node has the newest state of the run
"""

import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.hardware import expanded
from av_td3.replay.archive import OWNER
from av_td3.replay.buffer import Replay
from av_td3.runs.errors import RunFailed
from av_td3.runs.files import write_atomically
from av_td3.runs.folder import CHECKPOINTS, REPLAY
from av_td3.training.checkpoint import Checkpoints

log = logging.getLogger(__name__)
TOKEN_FILE = "scratch"
WHOLE = re.compile(r"[^.].*")  # what is still being written has a name that begins with a dot
SAVED = re.compile(r"\d+")  # checkpoints and replay files; what was set aside has a longer name, and stays


class ScratchCheckpoints(Checkpoints):
    """The checkpoints of one run, on scratch.

    Args:
        folder: of the run.
        scratch: folder on the node's own disk; ``$NAME`` is replaced by that environment variable.
        keep: as for Checkpoints.
        copy_every: seconds between copies to the run's folder: what is lost if the node fails.

    """

    def __init__(self, folder: Path, scratch: str, keep: int, copy_every: float):
        self._folder_of_run = folder
        self._copy_every = copy_every
        self._copied_at = time.monotonic()
        super().__init__(_open_work(folder, Path(expanded(scratch))), keep)

    def load(self, replay: Replay, note: Callable[[str], None]) -> dict[str, Any] | None:
        """As Checkpoints, from the run's folder unless the last process of the run has left newer ones here."""
        here, there = _newest(self.work), _newest(self._folder_of_run)
        if there > here or not (self.work / CHECKPOINTS).is_dir():
            try:
                _copy_missing(self._folder_of_run, self.work)
            except OSError as error:
                raise RunFailed(f"the checkpoints of {self._folder_of_run} cannot be copied to {self.work}: {error}") from error
        return super().load(replay, note)

    def save(self, step: int, state: dict[str, Any], replay: Replay, score: float | None = None) -> Path:
        """As Checkpoints, and a copy if one is due."""
        place = super().save(step, state, replay, score)
        if time.monotonic() - self._copied_at >= self._copy_every:
            self.copy_back()
        return place

    def newest(self) -> Path | None:
        """As Checkpoints; where it will be in the run's folder."""
        place = super().newest()
        return None if place is None else self._folder_of_run / CHECKPOINTS / place.name

    def copy_back(self) -> None:
        """Bring the run's folder up to date. Raises OSError where it cannot be written."""
        _copy_missing(self.work, self._folder_of_run)
        for part in (CHECKPOINTS, REPLAY):
            for surplus in _names(self._folder_of_run / part, SAVED) - _names(self.work / part, SAVED):
                shutil.rmtree(self._folder_of_run / part / surplus, ignore_errors=True)
        self._copied_at = time.monotonic()

    def close(self) -> None:
        """Bring the run's folder up to date, and delete what is on scratch. Raises RunFailed where that cannot be written."""
        try:
            self.copy_back()
        except OSError as error:
            raise RunFailed(
                f"the checkpoints cannot be copied to {self._folder_of_run}: {error}; they stay in {self.work}, from where the "
                "run resumes if it is started on this machine"
            ) from error
        (self._folder_of_run / CHECKPOINTS / TOKEN_FILE).unlink(missing_ok=True)
        shutil.rmtree(self.work, ignore_errors=True)


def open_checkpoints(config: Config, folder: Path) -> Checkpoints:
    """The checkpoints of a run, in its folder or on scratch. Raises ConfigError where scratch cannot be used."""
    options = config.checkpoint
    if options.scratch is None:
        return Checkpoints(folder, options.keep)
    return ScratchCheckpoints(folder, options.scratch, options.keep, options.copy_every)


def _open_work(folder: Path, scratch: Path) -> Path:
    """The folder that the last process of this run has left here, or a new one, whose token the run's folder then has."""
    token_file = folder / CHECKPOINTS / TOKEN_FILE
    token = token_file.read_text(encoding="utf-8").strip() if token_file.is_file() else ""
    work = scratch / f"av_td3-{token}"
    if token and work.is_dir() and work.stat().st_uid == os.getuid():
        return work
    token = uuid.uuid4().hex
    work = scratch / f"av_td3-{token}"
    try:
        work.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise ConfigError(f"hardware.scratch={scratch}: cannot create a folder there ({error.strerror})") from error
    token_file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(token_file, lambda file: file.write(token.encode()))
    return work


def _newest(folder: Path) -> str:
    """The name of the newest checkpoint, "" without one."""
    return max(_names(folder / CHECKPOINTS, SAVED), default="")


def _copy_missing(source: Path, destination: Path) -> None:
    """Copy the folders that are not there. The replay comes first: a checkpoint is never without its files."""
    for part in (REPLAY, CHECKPOINTS):
        for name in sorted(_names(source / part, WHOLE) - _names(destination / part, WHOLE)):
            _copy_whole(source / part / name, destination / part / name)
    owner = source / REPLAY / OWNER
    if owner.is_file():
        write_atomically(destination / REPLAY / OWNER, lambda file: file.write(owner.read_bytes()))


def _copy_whole(source: Path, destination: Path) -> None:
    """Copy a folder, which appears complete or not at all."""
    beside = destination.with_name(f".{destination.name}.{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copytree(source, beside)
        beside.rename(destination)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _names(folder: Path, pattern: re.Pattern[str]) -> set[str]:
    """The folders in a folder whose names match."""
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if pattern.fullmatch(path.name) and path.is_dir()}
