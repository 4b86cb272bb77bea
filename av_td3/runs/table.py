"""A CSV file that grows while a run goes on."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any


class Table:
    """Appends rows to a CSV file, which can be cut back to its size at a checkpoint.

    Args:
        path: of the file.
        columns: names in its first line.
        size: bytes that are kept of a file that is there; None starts a new one.

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
        """Write rows, so that they survive this process."""
        self._rows.writerows(rows)
        self._file.flush()

    def size(self) -> int:
        """Bytes so far."""
        self._file.flush()
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        """Close the file."""
        self._file.close()
