"""A CSV file that a run appends to."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any


class Table:
    """Appends rows to a CSV file, which a resumed run truncates to its size at the checkpoint.

    Args:
        path: of the file.
        columns: names of the columns.
        size: bytes of an existing file to keep; None starts a new file.

    """

    def __init__(self, path: Path, columns: tuple[str, ...], size: int | None):
        self._file: IO[str] = path.open("w" if size is None else "r+", newline="")
        self._rows = csv.writer(self._file)
        if size is None:
            self._rows.writerow(columns)
        else:
            self._file.truncate(size)
            self._file.seek(0, 2)

    def append(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write rows and flush them."""
        self._rows.writerows(rows)
        self._file.flush()

    def size(self) -> int:
        """Size of the file in bytes."""
        self._file.flush()
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        self._file.close()
