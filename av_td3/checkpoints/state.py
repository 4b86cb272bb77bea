"""The state of a checkpoint: ``state.pt``. It can be read without the replay that belongs to it."""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from av_td3.checkpoints.manifest import Manifest
from av_td3.runs.files import is_damage

STATE = "state.pt"


def read_state(place: Path, manifest: Manifest) -> dict[str, Any]:
    """Read the state of a checkpoint, without running code.

    Args:
        place: the folder of the checkpoint.
        manifest: of the same checkpoint.

    Returns:
        The state, with tensors on the CPU.

    Raises:
        ValueError: it is not the state that was written.
        OSError, MemoryError, RuntimeError: the machine cannot read it just now.

    """
    try:
        content = (place / STATE).read_bytes()
        if hashlib.sha256(content).hexdigest() != manifest.sha256:
            raise ValueError(f"{STATE} is damaged: its checksum is not the one in the manifest")
        state: dict[str, Any] = _unpickled(content)
    except OSError as error:
        if is_damage(error):
            raise ValueError(f"{STATE} is missing") from error
        raise
    missing = [key for key in manifest.keys if key not in state]
    if missing:
        raise ValueError(f"{STATE} lacks {', '.join(missing)}")
    return state


def _unpickled(content: bytes) -> dict[str, Any]:
    try:
        state = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    except Exception as error:  # content that has the right checksum can still be anything
        if is_damage(error):
            raise ValueError(f"{STATE} is not the state of a run ({type(error).__name__})") from error
        raise
    if not isinstance(state, dict):
        raise ValueError(f"{STATE} is not the state of a run")
    return state
