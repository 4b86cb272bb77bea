"""The manifest of a checkpoint: JSON beside its state."""

import json
import re
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import torch

from av_td3.replay.archive import Segment, segment_from
from av_td3.runs.files import is_damage, write_json

FORMAT = 4
REASONS = {  # why an older format cannot be resumed
    1: "observations were scaled differently then",
    2: "the replay was stored differently then, and the config had another form",
    3: "the state of the training loop had another form",
}
MANIFEST = "manifest.json"
NAME = re.compile(r"\d{9,}")  # of a checkpoint's folder: its step


class OtherFormat(ValueError):
    """The checkpoint is intact, but of another version of this program."""


class Manifest(NamedTuple):
    """The content of a manifest."""

    step: int
    sha256: str  # of the state
    keys: list[str]  # of the state, at its top level
    score: float | None  # reward of the newest evaluation
    segments: list[Segment]  # of the replay


def write_manifest(place: Path, manifest: Manifest) -> None:
    """Write it into the folder of its checkpoint. Raises OSError."""
    content = {
        "format": FORMAT,
        "av-td3": _own_version(),
        "torch": torch.__version__,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "step": manifest.step,
        "sha256": manifest.sha256,
        "state": manifest.keys,
        "score": manifest.score,
        "replay": manifest.segments,
    }
    write_json(place / MANIFEST, content)


def read_manifest(place: Path) -> Manifest:
    """Read it from the folder of its checkpoint.

    Raises OtherFormat, ValueError where it is missing or damaged, and OSError or MemoryError where it cannot be read just now.
    """
    try:
        content = json.loads((place / MANIFEST).read_text())
        if content["format"] != FORMAT:
            raise _other_format(content)
        return Manifest(
            step=int(content["step"]),
            sha256=str(content["sha256"]),
            keys=[str(key) for key in content.get("state", [])],  # a checkpoint of version 0.1.0 may not list them
            score=None if content["score"] is None else float(content["score"]),
            segments=[segment_from(item) for item in content["replay"]],
        )
    except FileNotFoundError:
        raise ValueError(f"{MANIFEST} is missing") from None
    except OtherFormat:
        raise
    except Exception as error:  # damaged JSON can be anything
        if not is_damage(error):
            raise
        raise ValueError(f"{MANIFEST} cannot be read ({error})") from error


def _other_format(content: dict[str, Any]) -> ValueError:
    form = content["format"]
    if not isinstance(form, int) or (form < FORMAT and form not in REASONS):
        return ValueError(f"its format is {form}, this program reads {FORMAT}")
    writer = content.get("av-td3") or "another version"
    if form in REASONS:
        return OtherFormat(f"its format is {form}, that of av-td3 {writer}; {REASONS[form]}, and this one reads {FORMAT}")
    return OtherFormat(f"its format is {form}, that of av-td3 {writer}; this is {_own_version() or 'one'} and reads {FORMAT}")


def _own_version() -> str | None:
    try:
        return version("av-td3")
    except PackageNotFoundError:
        return None
