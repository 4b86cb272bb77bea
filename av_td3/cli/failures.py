"""From exceptions to what a person at a shell needs: one line on stderr, and an exit code that is no verdict."""

import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

FAILED = 3  # exit code of whatever goes wrong; 0 to 2 are verdicts
INTERRUPTED, BROKEN_PIPE = 130, 141  # as a shell says it of a process that SIGINT or SIGPIPE ended
MAX_LINE = 1000  # characters; other libraries' messages can be endless
TRACEBACK = "AV_TD3_TRACEBACK"  # environment variable that shows tracebacks and warnings


def exit_code(tool: Callable[[], int]) -> int:
    """Run a tool: its own exit code when it returns, 3 for any failure, 130 after Ctrl-C."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may hold any bytes
    code = FAILED
    try:
        with warnings.catch_warnings():
            if not os.environ.get(TRACEBACK):
                warnings.simplefilter("ignore")
            code = tool()
            sys.stdout.flush()
    except BrokenPipeError:
        code = BROKEN_PIPE
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        code = INTERRUPTED
    except Exception as error:
        code = print_error(error)
    finally:
        _leave_nothing_unwritten()
    return code


def print_error(error: Exception, where: Path | None = None) -> int:
    """One line on stderr; returns the exit code. ``where`` tells what was read when something unexpected happened."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error, file=sys.stderr)
    reading = "" if where is None or is_expected(error) else f" (reading {where})"
    print(f"error: {in_one_line(error)}{reading}", file=sys.stderr)
    return FAILED


def in_one_line(error: Exception) -> str:
    """What was wrong, and where. Of an error that nobody expected, how to see more."""
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    elif is_expected(error):
        text = str(error)
    elif isinstance(error, MemoryError):
        text = "out of memory"
    else:
        text = f"internal: {type(error).__name__}: {error}; {TRACEBACK}=1 shows where"
    line = " ".join(text.split())
    return line if len(line) <= MAX_LINE else line[:MAX_LINE] + " ..."


def is_expected(error: Exception) -> bool:
    """Whether the message is written for people: the input is at fault, not the tool."""
    try:
        from av_td3.config.errors import ConfigError  # here, because most tools start faster without them
        from av_td3.runs.scalars import UnreadableLog
    except ImportError:
        return isinstance(error, OSError)
    return isinstance(error, OSError | ConfigError | UnreadableLog)


def silence_output() -> None:
    """Send what is still printed nowhere, also what Python flushes when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave_nothing_unwritten() -> None:
    """Python flushes when it ends, and would end with another exit code where that fails."""
    try:
        sys.stdout.flush()
    except OSError:
        silence_output()
