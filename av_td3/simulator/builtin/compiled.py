"""Compiles the loops over cars and pixels, once on each machine.

numba keeps machine code on disk, but takes it from there although another file has changed whose functions or constants were
compiled into it. So each state of the sources in this folder has a folder of machine code of its own.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
from filelock import FileLock

SOURCES = Path(__file__).parent
PREFIX = "machine-code-"
ROOM = 16 << 20  # bytes that the machine code may take
KEPT = 5  # states of the sources whose machine code is kept: those used last

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function at its first call, and keep the machine code for later processes.

    Floating-point operations stay as written (no ``fastmath``), so that results are bit-equal in every process. Where no
    folder for the machine code can be written, each process compiles for itself.
    """
    return _compiled(function)


def compiled_in_place(function: Callable[P, R]) -> Callable[P, R]:
    """Like ``compiled``, for a function that creates no array: one that is called for every pixel.

    Numba then counts no references to its arguments, which takes most of the time of a small function with many arrays.
    """
    return _compiled(function, _nrt=False)


def compiled_inline(function: Callable[P, R]) -> Callable[P, R]:
    """Like ``compiled_in_place``, for a function of many arrays with one caller, into which it is copied."""
    return _compiled(function, _nrt=False, inline="always")


def _compiled(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    options |= {"error_model": "numpy", "nogil": True}
    folder = machine_code_folder()
    before = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(folder or "")  # type: ignore[attr-defined]
    try:
        out: Callable[P, R] = numba.njit(cache=folder is not None, **options)(function)
    finally:
        numba.config.CACHE_DIR = before  # type: ignore[attr-defined]
    return out


@cache
def machine_code_folder() -> Path | None:
    """The folder for the sources as they are; None where none can be written."""
    digest = hashlib.sha256()
    for source in sorted(SOURCES.rglob("*.py")):
        digest.update(source.read_bytes())
    name = PREFIX + digest.hexdigest()[:16]
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "av_td3"
    asked = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    places = [Path(asked)] if asked else [SOURCES / "__pycache__", user]
    for place in places:
        with suppress(OSError):
            folder = place / name
            folder.mkdir(parents=True, exist_ok=True)
            if not any(folder.iterdir()):
                _check_room(folder)
            if os.access(folder, os.W_OK):
                os.utime(folder)
                _remove_unused(place)
                return folder
    return None


@contextmanager
def only_one_compiles() -> Iterator[None]:
    """Let other processes wait while one compiles, and then take its machine code."""
    folder = machine_code_folder()
    if folder is None or is_compiled():
        yield
    else:
        with FileLock(folder / "compiling.lock"):
            yield


def is_compiled() -> bool:
    """Whether there is machine code of the sources as they are."""
    folder = machine_code_folder()
    return folder is not None and any(folder.rglob("*.nbc"))


def _check_room(folder: Path) -> None:
    """Raise OSError where the machine code does not fit: numba does so in the middle of its work."""
    probe = folder / f"room-{os.getpid()}"
    try:
        probe.write_bytes(bytes(ROOM))
    finally:
        probe.unlink(missing_ok=True)


def _remove_unused(place: Path) -> None:
    """Remove all but the folders of the states that were used last."""
    with suppress(OSError):  # another process removes them too
        by_use = sorted(place.glob(f"{PREFIX}*"), key=lambda folder: folder.stat().st_mtime)
        for folder in by_use[:-KEPT]:
            shutil.rmtree(folder, ignore_errors=True)
