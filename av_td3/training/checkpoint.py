"""Saved states of a run: all that it needs to go on as if it had never stopped. Nothing in them can run code when loaded.

    checkpoints/000002533/    after 2,533 environment steps, at the end of an episode
      state.pt                networks, targets, optimizers, random numbers, counters
      manifest.json           format, checksum of the state, and the replay's files that belong to it
    replay/000001.npz ...     what came into the replay between two checkpoints, each written once

A checkpoint is written beside its place and moved there whole. The newest ``keep`` are kept, and the one with the best
evaluation, which may have lost replay files that only it needed: it is there to be driven, not to go on from.
"""

import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch

from av_td3.errors import RunFailed
from av_td3.files import write_atomically, write_json
from av_td3.replay import Replay
from av_td3.replay_archive import ReplayArchive, Segment, segment_from, still_needed

FORMAT = 1
STATE, MANIFEST = "state.pt", "manifest.json"


class Manifest(NamedTuple):
    """What a checkpoint says of itself."""

    step: int
    sha256: str  # of the state
    score: float | None  # reward of the newest evaluation
    segments: list[Segment]  # of the replay


class Checkpoints:
    """The states of one run."""

    def __init__(self, folder: Path, keep: int):
        self._folder = folder / "checkpoints"
        self._archive = ReplayArchive(folder / "replay")
        self._keep = keep
        self._segments: list[Segment] = []  # of the replay, up to the newest checkpoint

    def save(self, step: int, state: dict[str, Any], replay: Replay, score: float | None = None) -> Path:
        """Write a state and what is new in the replay, then drop what is not kept. Raises OSError."""
        self._segments = still_needed([*self._segments, self._archive.append(replay)], replay.lane_size)
        place, beside = self._folder / f"{step:09d}", self._folder / f".{step:09d}.{os.getpid()}"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            content = io.BytesIO()  # on a full disk torch.save itself would fail with words of its own
            torch.save(state, content)
            write_atomically(beside / STATE, lambda file: file.write(content.getbuffer()))
            manifest = {
                "format": FORMAT,
                "step": step,
                "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                "torch": torch.__version__,
                "sha256": _sha256(beside / STATE),
                "score": score,
                "replay": self._segments,
            }
            write_json(beside / MANIFEST, manifest)
            shutil.rmtree(place, ignore_errors=True)  # of a run that was resumed from an older one
            beside.rename(place)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        self._archive.belongs_to(place.name)
        self._drop_old()
        return place

    def newest(self) -> Path | None:
        """The newest checkpoint, if one has been saved."""
        return max(self._saved(), default=None)

    def load(self, replay: Replay, note: Callable[[str], None]) -> dict[str, Any] | None:
        """The newest state that is whole, with its replay put back; None where none was ever saved.

        Each one that cannot be used is named to ``note`` with the reason. Raises RunFailed where that leaves none.
        """
        saved, owner = sorted(self._saved(), reverse=True), self._archive.owner()
        if saved and owner is not None and owner > saved[0].name:
            note(f"checkpoint {self._folder / owner} is missing")
        for place in saved:
            try:
                manifest = read_manifest(place)
                self._archive.check(manifest.segments)
                state = _read_state(place, manifest.sha256)
                self._archive.restore(replay, manifest.segments)
            except ValueError as error:
                note(f"checkpoint {place} cannot be used: {error}")
                replay.clear()  # of what was put back until the damage was met
                continue
            self._segments = manifest.segments
            self._archive.keep(manifest.segments)
            for other in (*saved[: saved.index(place)], *self._folder.glob(".[0-9]*")):  # unusable, and half written
                shutil.rmtree(other)
            return state
        if saved:
            raise RunFailed(f"none of the {len(saved)} checkpoints in {self._folder} can be used; delete them to start anew")
        if owner is not None:
            raise RunFailed(f"{self._folder} has lost its checkpoints: there is a replay beside it; delete both to start anew")
        self._archive.keep([])  # of a process that ended before its first checkpoint was whole
        for half in self._folder.glob(".[0-9]*"):
            shutil.rmtree(half)
        return None

    def _saved(self) -> list[Path]:
        return [place for place in self._folder.glob("[0-9]*") if place.is_dir()]

    def _drop_old(self) -> None:
        saved = sorted(self._saved())
        kept, scored = saved[-self._keep :], [(score, place) for place in saved if (score := _score(place)) is not None]
        best = max(scored, default=(0.0, None))[1]
        for place in saved:
            if place not in kept and place != best:
                shutil.rmtree(place)
        needed = [segment for place in kept for segment in read_manifest(place).segments]
        self._archive.keep(needed)


def read_manifest(place: Path) -> Manifest:
    """What a checkpoint says of itself. Raises ValueError."""
    path = place / MANIFEST
    try:
        content = json.loads(path.read_text())
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']}, this program writes {FORMAT}")
        segments = [segment_from(item) for item in content["replay"]]
        return Manifest(int(content["step"]), str(content["sha256"]), content["score"], segments)
    except FileNotFoundError:
        raise ValueError(f"{MANIFEST} is missing") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{MANIFEST} cannot be read ({error})") from error


def _score(place: Path) -> float | None:
    try:
        return read_manifest(place).score
    except ValueError:
        return None


def _read_state(place: Path, sha256: str) -> dict[str, Any]:
    """Raises ValueError for a state that is not the one that was written."""
    path = place / STATE
    try:
        if _sha256(path) != sha256:
            raise ValueError(f"{STATE} is damaged: its checksum is not the one in {MANIFEST}")
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except FileNotFoundError:
        raise ValueError(f"{STATE} is missing") from None
    except OSError as error:
        raise ValueError(f"{STATE} cannot be read ({error.strerror})") from error
    return state


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
