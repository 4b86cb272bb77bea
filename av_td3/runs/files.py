"""Files that are whole or not there."""

import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write beside the file, then put it in place at once, so that no reader ever sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any], indent: int | None = 2) -> None:
    """Write a JSON file atomically."""
    write_atomically(path, lambda file: file.write(json.dumps(content, indent=indent).encode() + b"\n"))


def is_damage(error: Exception) -> bool:
    """Whether what a file holds is to blame for an error in reading it, and not the machine that reads it."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EINVAL)
    if isinstance(error, RuntimeError):
        return not re.search(r"memory|CUDA", str(error))  # torch has no class of its own for either
    return not isinstance(error, MemoryError)


def check_is_file(path: Path) -> None:
    """Raise OSError for a folder, a link to nothing, or a pipe, which would never be read to its end."""
    if not path.is_file():
        raise OSError("it is no file")


def reason(error: Exception) -> str:
    """What went wrong in reading a file, in one line and without its name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())
