"""Keeps a run alive when its console is lost: a pipe closed by its reader, a redirection to a full disk, a closed terminal."""

import contextlib
import os
import sys
from io import TextIOWrapper
from typing import IO, Any


class LastingOutput(TextIOWrapper):
    """Text output that is discarded after the first write that fails."""

    def write(self, text: str) -> int:
        with self._until_it_fails():
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with self._until_it_fails():
            super().flush()

    @contextlib.contextmanager
    def _until_it_fails(self) -> Any:
        try:
            yield
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


def survive_without_console() -> None:
    """Replace standard output and standard error by streams whose errors do not end the process.

    Called once, by the program that owns the streams.
    """
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)


def _lasting(stream: IO[str]) -> IO[str]:
    if not isinstance(stream, TextIOWrapper):
        return stream
    settings = {"encoding": stream.encoding, "errors": stream.errors, "line_buffering": stream.line_buffering}
    return LastingOutput(stream.detach(), write_through=stream.write_through, **settings)  # type: ignore[arg-type]
