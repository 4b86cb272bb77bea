"""Compiles the loops over cars and pixels."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function at its first call, and keep the machine code on disk for later processes.

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
    try:
        out: Callable[P, R] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        out = numba.njit(**options)(function)
    return out


def discard_stale_code(folder: Path) -> None:
    """Delete the machine code in a package that is older than any of its sources.

    Numba compiles a function again when its own file has changed, but not when one has that it calls.
    """
    with suppress(OSError):  # another process does the same, or the folder is read-only
        newest = max((path.stat().st_mtime for path in folder.glob("*.py")), default=0.0)
        for path in (folder / "__pycache__").glob("*.nb[ic]"):
            if path.stat().st_mtime < newest:
                path.unlink(missing_ok=True)


discard_stale_code(Path(__file__).parent)
