"""Checkpoints: all that another process needs to resume a run exactly. Loading one cannot run code.

    checkpoints/000002533/    after 2,533 environment steps, at the end of an episode
      state.pt                networks, targets, optimizers, random numbers, counters
      manifest.json           format, checksum of the state; size and checksum of the replay's files that belong to it
    checkpoints/unusable-...  was damaged when a run tried to resume from it; only the user deletes it
    replay/000001/            what was added to the replay between two checkpoints, written once: an .npy file per array

A checkpoint is written to a temporary folder, then renamed. The newest ``keep`` are kept, and the one with the best
evaluation, which may have lost replay files that only it needed: its policy can be used, but no run resumes from it.

Loading deletes nothing. A damaged checkpoint is set aside and the one before it is used. One that may be intact, but cannot be
read just now or is of a newer format, ends the run: going back by hours is the user's decision. Files of other names
are left alone.
"""

import hashlib
import io
import logging
import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from av_td3.checkpoints.manifest import NAME, Manifest, OtherFormat, read_manifest, write_manifest
from av_td3.checkpoints.state import STATE, read_state
from av_td3.replay.archive import ReplayArchive, Segment, still_needed
from av_td3.replay.buffer import Replay
from av_td3.runs.errors import RunFailed
from av_td3.runs.files import write_atomically
from av_td3.runs.folder import CHECKPOINTS, REPLAY

log = logging.getLogger(__name__)
HALF_WRITTEN = re.compile(r"\.\d{9,}\.\d+")
PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device, torch.Size)
UNUSABLE = re.compile(r"unusable-\d{9,}.*")


class Checkpoints:
    """The checkpoints of one run.

    Args:
        folder: of the run.
        keep: how many of the newest to keep, besides the one with the best evaluation.

    """

    def __init__(self, folder: Path, keep: int):
        self._folder = folder / CHECKPOINTS
        self._archive = ReplayArchive(folder / REPLAY)
        self._keep = keep
        self._segments: list[Segment] = []  # of the replay, up to the newest checkpoint
        self._newest: Path | None = None  # that this process has saved or loaded

    def save(self, step: int, state: dict[str, Any], replay: Replay, score: float | None = None) -> Path:
        """Write a state and what is new in the replay, then delete what is not kept.

        Args:
            step: environment steps so far; a checkpoint of the same step is not written again.
            state: tensors, numbers, strings, and lists and dicts of them.
            replay: what was added to it since the last checkpoint is written.
            score: reward of the newest evaluation.

        Returns:
            The checkpoint's folder.

        Raises:
            OSError: it cannot be written.

        """
        place, beside = self._folder / f"{step:09d}", self._folder / f".{step:09d}.{os.getpid()}"
        if place == self._newest:
            return place
        check_savable(state)
        self._segments = still_needed([*self._segments, self._archive.append(replay)], replay.slots_per_env)
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            content = io.BytesIO()  # on a full disk torch.save itself would fail with words of its own
            torch.save(state, content)
            write_atomically(beside / STATE, lambda file: file.write(content.getbuffer()))
            sha256 = hashlib.sha256(content.getbuffer()).hexdigest()
            write_manifest(beside, Manifest(step, sha256, sorted(state), score, self._segments))
            if os.path.lexists(place):
                self._set_aside(place)
            beside.rename(place)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        self._newest = place
        self._archive.set_owner(place.name)
        self._drop_old()
        return place

    def newest(self) -> Path | None:
        """The folder of the newest checkpoint; None where none has been saved."""
        return max(self._named(NAME), default=None)

    def load(self, replay: Replay, note: Callable[[str], None]) -> dict[str, Any] | None:
        """Load the newest intact checkpoint.

        Args:
            replay: its content is restored.
            note: is called with a line for each damaged checkpoint, which is set aside when another can be used.

        Returns:
            The state; None where none was ever saved.

        Raises:
            RunFailed: none can be used, or one cannot be read just now or needs a newer version of this program.

        """
        try:
            saved, owner = sorted(self._named(NAME), reverse=True), self._archive.owner()
        except OSError as error:
            raise RunFailed(f"checkpoints in {self._folder} cannot be read just now ({_reason(error)}); start again") from error
        if saved and owner is not None and NAME.fullmatch(owner) and owner > saved[0].name:
            note(f"checkpoint {self._folder / owner} is missing")
        for index, place in enumerate(saved):
            try:
                state = self._read(place, replay)
            except OtherFormat as error:
                raise RunFailed(f"checkpoint {place}: {error}; use that version, or {_move_away(saved[index:])}") from error
            except (OSError, MemoryError, RuntimeError) as error:
                reason = f"checkpoint {place} cannot be read just now ({_reason(error)})"
                raise RunFailed(f"{reason}; start again, or {_move_away(saved[index:])}") from error
            except ValueError as error:
                note(f"checkpoint {place} cannot be used: {error}")
                replay.clear()  # it may be half restored
                continue
            for damaged in saved[:index]:
                aside = self._set_aside(damaged)
                note(f"it is set aside with its replay files; delete {aside} when you do not need it")
            self._newest = place
            self._archive.set_owner(place.name)
            self._clear_half_written()
            return state
        if saved:
            raise RunFailed(f"none of the {len(saved)} checkpoints in {self._folder} can be used; {_move_away(saved[-1:])}")
        if owner is not None:
            reason = f"{self._folder} has lost its checkpoints: there is a replay beside it"
            raise RunFailed(f"{reason}; put them back, or {_move_away([self._folder / owner])}")
        self._clear_half_written()  # by a process that ended before its first checkpoint was whole
        return None

    def _read(self, place: Path, replay: Replay) -> dict[str, Any]:
        """A checkpoint's state; the replay is restored. Raises ValueError, OtherFormat, or the error of the machine."""
        manifest = read_manifest(place)
        self._archive.check(manifest.segments)
        state = read_state(place, manifest)
        self._archive.restore(replay, manifest.segments)
        self._segments = manifest.segments
        return state

    def _named(self, pattern: re.Pattern[str]) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [place for place in self._folder.iterdir() if pattern.fullmatch(place.name) and place.is_dir()]

    def _set_aside(self, place: Path) -> Path:
        """Rename a checkpoint that no run can resume from."""
        aside, number = place.with_name(f"unusable-{place.name}"), 2
        while os.path.lexists(aside):
            aside, number = place.with_name(f"unusable-{place.name}-{number}"), number + 1
        return place.rename(aside)

    def _clear_half_written(self) -> None:
        for half in self._named(HALF_WRITTEN):
            shutil.rmtree(half, ignore_errors=True)
        self._archive.clear_half_written()

    def _drop_old(self) -> None:
        """Delete what is not kept. A checkpoint that cannot be read stays, and so do replay files that it may need."""
        manifests, whole = _manifests(self._named(NAME))
        saved = sorted(manifests)
        kept = saved[-self._keep :]
        scored = [(score, place) for place in saved if (score := manifests[place].score) is not None]
        best = max(scored, default=(0.0, None))[1]
        for place in saved:
            if place not in kept and place != best:
                self._delete(place)
        set_aside, all_read = _manifests(self._named(UNUSABLE))
        if whole and all_read:
            needed = [manifests[place] for place in kept] + list(set_aside.values())
            self._archive.keep(segment for manifest in needed for segment in manifest.segments)

    def _delete(self, place: Path) -> None:
        """Delete a checkpoint completely or not at all: half of one would look damaged."""
        try:
            if place.is_symlink():
                place.unlink()
            else:
                shutil.rmtree(place.rename(self._folder / f".{place.name}.{os.getpid()}"))
        except OSError as error:  # it takes up room, and does no other harm
            log.warning("%s could not be deleted: %s", place, error)


def check_savable(node: Any, path: str = "") -> None:
    """Raise RunFailed for what could be saved, but not loaded again: loading is restricted to types that run no code."""
    if type(node) in (dict, OrderedDict):
        for key, value in node.items():
            check_savable(value, f"{path}.{key}" if path else str(key))
    elif type(node) in (list, tuple):
        for index, value in enumerate(node):
            check_savable(value, f"{path}.{index}")
    elif not (isinstance(node, torch.Tensor) or type(node) in PLAIN):
        raise RunFailed(
            f"the state cannot be saved: {path} is a {type(node).__module__}.{type(node).__qualname__}; a state holds tensors, "
            "numbers, strings, None, and lists and dicts of them"
        )


def _manifests(places: list[Path]) -> tuple[dict[Path, Manifest], bool]:
    """Those that can be read, and whether that is all of them."""
    manifests = {}
    for place in places:
        try:
            manifests[place] = read_manifest(place)
        except (OSError, ValueError) as error:
            log.warning("%s: %s; no file of the replay is deleted while it is there", place, error)
    return manifests, len(manifests) == len(places)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    return str(error) or "out of memory"


def _move_away(places: list[Path]) -> str:
    """What the user can do without the first of these checkpoints, the newest first."""
    if len(places) > 1:
        return f"move it away to resume from {places[1].name}"
    folder = places[0].parent
    return f"move {folder} and {folder.with_name(REPLAY)} away to start from scratch"
