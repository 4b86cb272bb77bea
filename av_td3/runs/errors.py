"""What ends a run. The messages are one line, for the user."""

from av_td3.config.errors import ConfigError

MAX_LINE = 1000  # characters; other libraries' messages can be endless


class RunFailed(RuntimeError):
    """A run that was under way cannot go on."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or a signal that ends a process; the message says what is kept, and how to resume."""


def in_one_line(error: Exception) -> str:
    """What was wrong, and where."""
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    elif is_expected(error):
        text = str(error)
    else:
        text = "out of memory" if isinstance(error, MemoryError) else f"internal: {type(error).__name__}: {error}"
    line = " ".join(text.split())
    return line if len(line) <= MAX_LINE else line[:MAX_LINE] + " ..."


def is_expected(error: Exception) -> bool:
    """Whether the message is written for people: the input is at fault, not the program that reads it."""
    from av_td3.runs.scalars import UnreadableLog  # TensorBoard takes long to import

    return isinstance(error, OSError | ConfigError | UnreadableLog)
