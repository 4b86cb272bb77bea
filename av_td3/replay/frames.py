"""Storage for the replay's camera frames: ``replay.storage``."""

import contextlib
import math
import os
import uuid
from pathlib import Path

import torch

from av_td3.config.errors import ConfigError


def frame_storage(storage: str, frames: int, shape: tuple[int, int, int], folder: Path, device: torch.device) -> torch.Tensor:
    """Allocate storage for frames.

    Args:
        storage: ``memory`` uses the machine's memory as it fills up, ``device`` allocates the memory of the training device at
            once, and ``disk`` a file, of which the kernel caches in memory what fits.
        frames: number of frames.
        shape: channels, height and width of a frame.
        folder: where ``disk`` creates its file, which others may use at the same time.
        device: the training device.

    Returns:
        uint8 (frames, channels, height, width), zeros; without channels in no storage at all.

    Raises:
        ConfigError: there is not enough memory or disk space.

    """
    if storage == "disk" and shape[0]:  # an empty file cannot be mapped
        return _mapped(folder / f"av_td3-frames-{uuid.uuid4().hex}", (frames, *shape))
    try:
        return torch.zeros((frames, *shape), dtype=torch.uint8, device=device if storage == "device" else "cpu")
    except RuntimeError as error:  # torch.OutOfMemoryError is one
        raise ConfigError(
            f"algorithm.buffer_size={frames}: cannot allocate the frames in {storage} ({str(error).splitlines()[0]})"
        ) from error


def _mapped(path: Path, shape: tuple[int, ...]) -> torch.Tensor:
    """A file mapped as a tensor. Its space is allocated at once: a disk that fills up later would kill the run by a signal.

    The file is unlinked as soon as it is mapped, so that its space is freed when the run ends, even if it is killed.
    """
    size = math.prod(shape)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise ConfigError(f"replay.storage=disk: cannot allocate {size / 1e9:.2g} GB for {path} ({error.strerror})") from error
    frames = torch.from_file(str(path), shared=True, size=size, dtype=torch.uint8).view(shape)
    path.unlink()
    return frames
