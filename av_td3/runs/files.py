"""Atomic writes, and errors of reads."""

import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a temporary file and rename it, so that readers never see a partial file.

    Args:
        path: of the file.
        write: writes the content to an open binary file.

    Raises:
        OSError: the file cannot be written. An existing file is unchanged.

    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any], indent: int | None = 2) -> None:
    """Write a JSON file atomically."""
    write_atomically(path, lambda file: file.write(json.dumps(content, indent=indent).encode() + b"\n"))


def is_damage(error: Exception) -> bool:
    """Whether a read failed because of the content of a file, and not because of the machine."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EINVAL)
    if isinstance(error, RuntimeError):
        return not re.search(r"memory|CUDA", str(error))  # torch has no exception class for these
    return not isinstance(error, MemoryError)


def check_is_file(path: Path) -> None:
    """Raise OSError for a folder, a broken link, or a pipe, whose read would block."""
    if not path.is_file():
        raise OSError("not a regular file")


def reason(error: Exception) -> str:
    """Why a file could not be read, in one line and without its name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())
