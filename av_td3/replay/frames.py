"""Where the replay keeps its camera frames: ``replay.storage``."""

import contextlib
import math
import os
from pathlib import Path

import torch

from av_td3.config.errors import ConfigError


def frame_storage(storage: str, frames: int, shape: tuple[int, int, int], folder: Path, device: torch.device) -> torch.Tensor:
    """Room for so many frames: a tensor uint8 (frames, channels, height, width) of zeros.

    ``memory`` takes the machine's memory as it fills up, ``device`` the memory of the device that learns, at once, and
    ``disk`` a file in ``folder``, of which the kernel keeps in memory what fits. Raises ConfigError where there
    is not that much room.
    """
    if storage == "disk":
        return _mapped(folder / "frames.bin", (frames, *shape))
    try:
        return torch.zeros((frames, *shape), dtype=torch.uint8, device=device if storage == "device" else "cpu")
    except RuntimeError as error:  # torch.OutOfMemoryError is one
        raise ConfigError(f"algorithm.buffer_size={frames}: no room in {storage} ({str(error).splitlines()[0]})") from error


def _mapped(path: Path, shape: tuple[int, ...]) -> torch.Tensor:
    """A file as a tensor. Its room is claimed now: a disk that fills up later would kill the run by a signal.

    It has no name for longer than it takes to map it, so that its room is free again when the run ends, however it does.
    """
    size = math.prod(shape)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise ConfigError(f"replay.storage=disk: {size / 1e9:.2g} GB for {path} cannot be had ({error.strerror})") from error
    frames = torch.from_file(str(path), shared=True, size=size, dtype=torch.uint8).view(shape)
    path.unlink()
    return frames
