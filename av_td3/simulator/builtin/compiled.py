"""Compiles the loops over cars and pixels, once on each machine.

numba keeps machine code on disk, but takes it from there although another file has changed whose functions or constants were
compiled into it. So each state of the sources in this folder has a folder of machine code of its own.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import ParamSpec, TypeVar

import numba

SOURCES = Path(__file__).parent
PREFIX = "machine-code-"
UNUSED = 14 * 86400.0  # s after which the machine code of other states of the sources is removed

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function at its first call, and keep the machine code for later processes.

    Floating-point operations stay as written (no ``fastmath``), so that results are bit-equal in every process. Where no
    folder for the machine code can be written, each process compiles for itself.
    """
    folder = machine_code_folder()
    if folder is None:
        return numba.njit(error_model="numpy", nogil=True)(function)
    before = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    try:
        return numba.njit(cache=True, error_model="numpy", nogil=True)(function)
    finally:
        numba.config.CACHE_DIR = before  # type: ignore[attr-defined]


@cache
def machine_code_folder() -> Path | None:
    """The folder for the sources as they are; None where none can be written."""
    digest = hashlib.sha256()
    for source in sorted(SOURCES.glob("*.py")):
        digest.update(source.read_bytes())
    name = PREFIX + digest.hexdigest()[:16]
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "av_td3"
    asked = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    places = [Path(asked)] if asked else [SOURCES / "__pycache__", user]
    for place in places:
        with suppress(OSError):
            folder = place / name
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                os.utime(folder)
                _remove_unused(place)
                return folder
    return None


def _remove_unused(place: Path) -> None:
    """Remove folders of other states of the sources that no process has used for some time."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > UNUSED:
                shutil.rmtree(folder)
