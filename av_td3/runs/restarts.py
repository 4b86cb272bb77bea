"""Tells a run that starts again from one that resumes, by its steps."""

import numpy as np
from numpy.typing import NDArray

SAME_STEP = 0.05  # of the steps of a run: closer than this is the same step


def share_done(start: int, first: int, last: int) -> float:
    """Where a step lies between the first and the last step of a run: 0 at the first, 1 at the last.

    Points that begin at no more than ``SAME_STEP`` are of another run, later ones resume the run.
    """
    return (start - first) / max(last - first, 1)


def run_numbers(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the runs that were appended to one table.

    Args:
        steps: int64 (n,), of the rows.

    Returns:
        int64 (n,), from 0. A single row that is behind, as of a test after training, starts no run.

    """
    fallen = steps[1:-1] < steps[:-2]
    still_behind = steps[2:] < steps[:-2]
    starts: list[int] = []
    begun, seen, last = 0, 0, int(steps[0]) if len(steps) else 0
    for row in (np.flatnonzero(fallen & still_behind) + 1).tolist():
        last = max(last, int(steps[seen:row].max()))
        seen = row
        if share_done(int(steps[row]), int(steps[begun]), last) <= SAME_STEP:
            starts.append(row)
            begun, last = row, int(steps[row])
    return np.searchsorted(np.array(starts, np.int64), np.arange(len(steps)), side="right").astype(np.int64)
