"""What is read from a log, whatever its format."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class UnreadableLog(ValueError):
    """There is no readable log. The message is one line that names the path."""


class Series(NamedTuple):
    """The logged values of one tag: ``steps`` int64 (n,) in environment steps, ``values`` float64 (n,)."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


Scalars = dict[str, Series]


class EventLog(NamedTuple):
    """The log of one run.

    Args:
        scalars: by tag.
        problems: a line for each problem of a file.
        files: names of the files that were read.
        part: what tells the run from the others of its folder or table, such as the name of its first event file; empty if
            it is the only one.

    """

    scalars: Scalars
    problems: list[str]
    files: tuple[str, ...] = ()
    part: str = ""


def last_step(scalars: Scalars) -> int:
    """The highest step of any tag. There must be a point."""
    return max(int(series.steps.max()) for series in scalars.values())
