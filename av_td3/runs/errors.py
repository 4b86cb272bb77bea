"""Errors that end a run. Their messages are one line."""

from av_td3.config.errors import ConfigError

MAX_LINE = 1000  # characters; messages of other libraries can be very long


class RunFailed(RuntimeError):
    """A running run cannot continue."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or a terminating signal. The message names the checkpoint and the command to resume."""


def in_one_line(error: Exception) -> str:
    """The message of an error in one line."""
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    elif is_expected(error):
        text = str(error)
    else:
        text = "out of memory" if isinstance(error, MemoryError) else f"internal: {type(error).__name__}: {error}"
    line = " ".join(text.split())
    return line if len(line) <= MAX_LINE else line[:MAX_LINE] + " ..."


def is_expected(error: Exception) -> bool:
    """Whether the input caused the error, and not a bug."""
    from av_td3.runs.scalars import UnreadableLog  # importing TensorBoard is slow

    return isinstance(error, OSError | ConfigError | UnreadableLog)
