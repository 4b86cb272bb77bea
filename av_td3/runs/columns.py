"""The columns of a table, and how they become series."""

from array import array
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.runs.restarts import run_numbers
from av_td3.runs.series import Scalars, Series
from av_td3.runs.step_column import counted_steps, step_names

Cells = dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]  # by column: rows, ascending, and values
MAX_RUNS = 10  # in a table; a column that starts again more often counts the steps of an episode
BOOLEANS = {"true": 1.0, "false": 0.0}


class Columns:
    """The numbers of a table by column, where a cell may be empty."""

    def __init__(self) -> None:
        self.count = 0  # rows
        self._rows: dict[str, array[int]] = {}
        self._values: dict[str, array[float]] = {}
        self._texts: dict[str, int] = {}  # cells that are not numbers

    def add(self, column: str, rows: list[int], cells: list[str]) -> None:
        """Add cells at these rows."""
        try:
            numbers = list(map(float, cells))
        except ValueError:
            found = [(row, number_of(cell)) for row, cell in zip(rows, cells, strict=True) if cell.strip()]
            kept = [(row, number) for row, number in found if number is not None]
            self._texts[column] = self._texts.get(column, 0) + len(found) - len(kept)
            rows, numbers = [row for row, _ in kept], [number for _, number in kept]
        self._rows.setdefault(column, array("q")).extend(rows)
        self._values.setdefault(column, array("d")).extend(numbers)

    def add_number(self, column: str, row: int, number: float) -> None:
        """Add a cell."""
        if column not in self._rows:
            self._rows[column], self._values[column] = array("q"), array("d")
        self._rows[column].append(row)
        self._values[column].append(number)

    def add_text(self, column: str) -> None:
        """Count a cell that is not a number."""
        self._texts[column] = self._texts.get(column, 0) + 1

    def damaged(self) -> dict[str, int]:
        """By column of numbers, how many cells hold none."""
        numeric = self.numeric()
        return {column: count for column, count in self._texts.items() if count and column in numeric}

    def numeric(self) -> set[str]:
        """The columns of numbers. Where most cells are text, such as dates, a number is an accident."""
        return {column for column, values in self._values.items() if len(values) > self._texts.get(column, 0)}

    def series(self, candidates: list[str] | None = None, split: bool = True) -> "SeriesOfTable":
        """The series over the column of steps, or over the number of the row if there is none.

        Args:
            candidates: columns that may be the column of steps; None for all.
            split: whether rows that start again are of another run.

        """
        numeric = self.numeric()
        columns = [column for column in self._rows if column in numeric]
        cells: Cells = {
            column: (np.array(self._rows[column], np.int64), np.array(self._values[column], np.float64)) for column in columns
        }
        axis, steps, numbers = "", np.arange(self.count, dtype=np.int64), np.zeros(self.count, np.int64)
        for name in step_names(columns if candidates is None else cells.keys() & candidates):
            counted = counted_steps(*cells[name], self.count)
            if counted is None:
                continue
            appended = run_numbers(counted) if split else numbers
            if appended.max() < MAX_RUNS:
                axis, steps, numbers = name, counted, appended
                del cells[name]
                break
        runs = [_of_run(cells, steps, numbers, run) for run in range(int(numbers.max(initial=0)) + 1)]
        falls = int(np.sum(np.diff(steps) < 0)) - len(runs) + 1
        return SeriesOfTable(runs, axis, falls)


class SeriesOfTable(NamedTuple):
    """The series by column, of each run; the name of the column of steps or ""; how often the steps go back in a run."""

    runs: list[Scalars]
    axis: str
    falls: int


def number_of(cell: str) -> float | None:
    """The number in a cell; 1 and 0 for booleans, None for a text."""
    try:
        return float(cell)
    except ValueError:
        return BOOLEANS.get(cell.strip().lower())


def _of_run(cells: Cells, steps: NDArray[np.int64], numbers: NDArray[np.int64], run: int) -> Scalars:
    scalars: Scalars = {}
    for column, (rows, values) in cells.items():
        kept = numbers[rows] == run
        if np.any(kept):
            scalars[column] = _ordered(steps[rows[kept]], values[kept])
    return scalars


def _ordered(steps: NDArray[np.int64], values: NDArray[np.float64]) -> Series:
    if np.all(steps[1:] >= steps[:-1]):
        return Series(steps, values)
    order = np.argsort(steps, kind="stable")
    return Series(steps[order], values[order])
