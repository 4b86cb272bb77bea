"""Compiles the loops over cars and pixels."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function at its first call, and keep the machine code on disk for later processes.

    Floating-point operations stay as written (no ``fastmath``), so that results are bit-equal in every process. Where no
    folder for the machine code can be written, each process compiles for itself.
    """
    try:
        return numba.njit(cache=True, error_model="numpy", nogil=True)(function)
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        return numba.njit(error_model="numpy", nogil=True)(function)


def compiled_in_place(function: Callable[P, R]) -> Callable[P, R]:
    """Like ``compiled``, for a function that creates no array: one that is called for every pixel.

    Numba then counts no references to its arguments, which takes most of the time of a small function with many arrays.
    """
    try:
        return numba.njit(cache=True, error_model="numpy", nogil=True, _nrt=False)(function)
    except RuntimeError:  # numba: "cannot cache function: no locator available"
        return numba.njit(error_model="numpy", nogil=True, _nrt=False)(function)
