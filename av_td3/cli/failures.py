"""Turns exceptions into one line on standard error and an exit code. No other module does this.

A launch exits with 0 if its run has finished or was preempted and requeued, 1 if it failed, 2 for invalid input, 130 after
Ctrl-C or a terminating signal. With ``gate.exit_code=true``, codes 0 to 2 are those of the gate, and a run that failed or is
unfinished exits with 3, like the tools that read runs.
"""

import errno
import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from av_td3.config.errors import ConfigError
from av_td3.machine import interrupts
from av_td3.runs.errors import Interrupted, RunFailed, in_one_line, is_expected
from av_td3.simulator.errors import SimulatorUnavailable

FINISHED, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
NO_VERDICT = TOOL_FAILED = 3
BROKEN_PIPE = 141  # what a shell reports for a process that SIGPIPE ended
VERDICT_CODES = {"GO": 0, "NO-GO": 1, "INVESTIGATE": 2}
TRACEBACK = "AV_TD3_TRACEBACK"  # environment variable that shows tracebacks and warnings
# Errors of the operating system that are caused by a path or a permission. All others are failures of the machine.
INPUT_ERRORS = {
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL),
}


def launch_exit_code(launch: Callable[[], int | None]) -> int:
    """Call ``launch`` and turn its outcome into an exit code. An expected error is printed in one line.

    Returns:
        The code that ``launch`` returns, 0 if it returns None, or the code of its error.

    Raises:
        Exception: an unexpected error is not caught, so that its traceback is printed.

    """
    interrupts.listen()
    try:
        return launch() or FINISHED
    except KeyboardInterrupt as error:
        interrupts.answer()
        return print_error(str(error) if isinstance(error, Interrupted) else "interrupted", INTERRUPTED)
    except Exception as error:
        code = _code(error)
        if code is None:
            raise
        return print_error(_message(error), code)


def _code(error: Exception) -> int | None:
    """The exit code of a launch that ends with this error; None for an unexpected error."""
    if isinstance(error, ConfigError | SimulatorUnavailable) or _is_of_composition(error):
        return WRONG_INPUT
    if isinstance(error, OSError):
        return WRONG_INPUT if error.errno in INPUT_ERRORS else FAILED
    return FAILED if isinstance(error, RunFailed) else None


def _is_of_composition(error: Exception) -> bool:
    from hydra.errors import HydraException  # tools start faster without it
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    return isinstance(error, HydraException | OmegaConfBaseException | YAMLError) or _is_of_defaults(error)


def _is_of_defaults(error: Exception) -> bool:
    """Hydra raises a plain ValueError for an invalid defaults list."""
    return isinstance(error, ValueError) and str(error).startswith("Invalid defaults list")


def _message(error: Exception) -> str:
    if _is_of_composition(error):  # some of Hydra's exceptions are OSErrors too
        from av_td3.config.composition import default_keys
        from av_td3.config.validation import composition_error

        return composition_error(error, default_keys)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"cannot write or read: {where}{error.strerror or error}"
    return str(error)


def print_error(text: str, code: int) -> int:
    """Print an error in one line on standard error; returns ``code``."""
    print(f"error: {' '.join(text.split())}", file=sys.stderr)
    return code


# -- tools that read runs ----------------------------------------------------------------------------------------------


def tool_exit_code(tool: Callable[[], int]) -> int:
    """Call a tool. Returns its exit code, 3 after any failure, or 130 after Ctrl-C."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may contain any bytes
    code = TOOL_FAILED
    try:
        with warnings.catch_warnings():
            if not os.environ.get(TRACEBACK):
                warnings.simplefilter("ignore")
            code = tool()
            sys.stdout.flush()
    except BrokenPipeError:
        code = BROKEN_PIPE
    except KeyboardInterrupt:
        code = print_error("interrupted", INTERRUPTED)
    except Exception as error:
        code = print_tool_error(error)
    finally:
        _leave_nothing_unwritten()
    return code


def print_tool_error(error: Exception, where: Path | None = None) -> int:
    """Print one line on standard error; returns the exit code. ``where`` is named if the error is unexpected."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error, file=sys.stderr)
    reading = "" if where is None or is_expected(error) else f" (reading {where})"
    if isinstance(error, SimulatorUnavailable | RunFailed):
        return print_error(str(error), TOOL_FAILED)
    hint = "" if is_expected(error) or isinstance(error, MemoryError) else f"; {TRACEBACK}=1 shows where"
    return print_error(f"{in_one_line(error)}{hint}{reading}", TOOL_FAILED)


def _leave_nothing_unwritten() -> None:
    """Flush now: Python flushes at exit, and would change the exit code if that failed."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
