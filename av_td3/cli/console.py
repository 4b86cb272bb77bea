"""A run that outlives its console: the reader of a pipe that goes away, a full disk behind a redirection, a closed terminal."""

import contextlib
import os
import sys
from io import TextIOWrapper
from typing import IO, Any


class LastingOutput(TextIOWrapper):
    """Text output that goes nowhere from the first write on that fails."""

    def write(self, text: str) -> int:
        """Write, or drop what nobody can receive."""
        with self._until_it_fails():
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Send what was written."""
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
    """Let standard output and error outlast whoever listens to them. To be called once, by the program that owns them."""
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)


def _lasting(stream: IO[str]) -> IO[str]:
    if not isinstance(stream, TextIOWrapper):
        return stream
    settings = {"encoding": stream.encoding, "errors": stream.errors, "line_buffering": stream.line_buffering}
    return LastingOutput(stream.detach(), write_through=stream.write_through, **settings)  # type: ignore[arg-type]
