"""Finds one checkpoint of a run and reads its state, to use the weights without resuming the run. Nothing is changed."""

import math
from pathlib import Path
from typing import Any

from av_td3.checkpoints.manifest import MANIFEST, NAME, Manifest, read_manifest
from av_td3.checkpoints.state import STATE, read_state
from av_td3.config.errors import ConfigError
from av_td3.runs.folder import CHECKPOINTS

BEST, LAST = "best", "last"


def find_checkpoint(path: Path, which: str = LAST) -> Path:
    """Find a checkpoint.

    Args:
        path: folder of a run, or of one checkpoint.
        which: ``last``, ``best`` (the highest evaluation reward; the newest where none was evaluated), or an environment step.

    Returns:
        The folder of the checkpoint.

    Raises:
        ConfigError: there is no such checkpoint, or a damaged one may be the best.
        OSError, MemoryError: a manifest cannot be read just now.

    """
    places = _checkpoints(path)
    if which == BEST:
        return max(places, key=_rank)
    if which == LAST:
        return places[-1]
    if not which.isdecimal():
        raise ConfigError(f"checkpoint={which}: must be {LAST}, {BEST} or a step; {path} has {_steps(places)}")
    of_the_step = [place for place in places if place.name == f"{int(which):09d}"]
    if not of_the_step:
        raise ConfigError(f"checkpoint={which}: no such checkpoint; {path} has {_steps(places)}")
    return of_the_step[0]


def read_checkpoint(place: Path) -> tuple[int, dict[str, Any]]:
    """Read a checkpoint without its replay. No code of it is run.

    Args:
        place: the folder of the checkpoint.

    Returns:
        Its environment step, and the state of the run, with tensors on the CPU.

    Raises:
        ConfigError: it is damaged, or of another version of this program.
        OSError, MemoryError, RuntimeError: it cannot be read just now.

    """
    manifest = _manifest(place)
    try:
        return manifest.step, read_state(place, manifest)
    except ValueError as error:
        raise _unusable(place, error) from error


def _checkpoints(path: Path) -> list[Path]:
    """By step, at least one."""
    if (path / MANIFEST).exists() or (path / STATE).exists():
        return [path.resolve()]
    folder = path / CHECKPOINTS
    if not folder.is_dir():
        reason = f"no {CHECKPOINTS}/ in it" if path.is_dir() else "no such folder"
        raise ConfigError(f"{path}: not the folder of a run or of a checkpoint ({reason})")
    places = sorted((place for place in folder.iterdir() if NAME.fullmatch(place.name)), key=lambda place: int(place.name))
    if not places:
        raise ConfigError(f"{path}: this run has no checkpoint yet; checkpoint.every_steps says how often one is saved")
    return places


def _rank(place: Path) -> tuple[bool, float, int]:
    """The best has the highest rank; among equals, the newest."""
    manifest = _manifest(place)
    if manifest.score is None or math.isnan(manifest.score):
        return False, 0.0, manifest.step
    return True, manifest.score, manifest.step


def _manifest(place: Path) -> Manifest:
    try:
        return read_manifest(place)
    except ValueError as error:
        raise _unusable(place, error) from error


def _unusable(place: Path, error: ValueError) -> ConfigError:
    others = [other for other in _siblings(place) if other != place]
    hint = f"; choose another by its step: {_steps(others)}" if others else "; the run has no other"
    return ConfigError(f"checkpoint {place} cannot be used: {error}{hint}")


def _siblings(place: Path) -> list[Path]:
    return sorted(other for other in place.parent.iterdir() if NAME.fullmatch(other.name))


def _steps(places: list[Path]) -> str:
    return ", ".join(str(int(place.name)) if NAME.fullmatch(place.name) else place.name for place in places)
