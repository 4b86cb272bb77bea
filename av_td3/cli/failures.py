"""Whatever goes wrong, from an exception to one line and an exit code: here and nowhere else.

A launch ends with 0 when its run has finished (or waits for another process after preemption), 1 when it failed, 2 for
wrong input, 130 after Ctrl-C or a signal that ends a process. With ``gate.exit_code=true`` 0 to 2 are the gate's, and whatever
else goes wrong or is not finished is 3, as of the tools that read runs.
"""

import errno
import io
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from av_td3.config.errors import ConfigError
from av_td3.runs.errors import Interrupted, RunFailed, in_one_line, is_expected
from av_td3.simulator.errors import SimulatorUnavailable

FINISHED, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
NO_VERDICT = TOOL_FAILED = 3
BROKEN_PIPE = 141  # as a shell says it of a process that SIGPIPE ended
VERDICT_CODES = {"GO": 0, "NO-GO": 1, "INVESTIGATE": 2}
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
TRACEBACK = "AV_TD3_TRACEBACK"  # environment variable that shows tracebacks and warnings
# Of the operating system's errors, those that a path or a permission brings about. The others are the machine's.
INPUT_ERRORS = {
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL),
}


def launch_exit_code(launch: Callable[[], int | None]) -> int:
    """Call ``launch``: its own code when it returns one, else 0; the code of its failure, once that has been printed.

    An exception that nobody expected goes through, with its traceback.
    """
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:  # a scheduler's or nohup's own answer stays
            signal.signal(number, _interrupt)
    try:
        return launch() or FINISHED
    except KeyboardInterrupt as error:
        return print_error(str(error) if isinstance(error, Interrupted) else "interrupted", INTERRUPTED)
    except Exception as error:
        code = _code(error)
        if code is None:
            raise
        return print_error(_message(error), code)


def _code(error: Exception) -> int | None:
    """The exit code of a launch that ends with this error; None for one that nobody expected."""
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
    """Hydra raises a plain ValueError for a list of defaults that is none."""
    return isinstance(error, ValueError) and str(error).startswith("Invalid defaults list")


def _message(error: Exception) -> str:
    if _is_of_composition(error):  # some of Hydra's are OSErrors too
        from av_td3.config.composition import default_keys
        from av_td3.config.validation import composition_error

        return composition_error(error, default_keys)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"cannot write or read: {where}{error.strerror or error}"
    return str(error)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def print_error(text: str, code: int) -> int:
    """Say what went wrong in one line; returns the exit code."""
    print(f"error: {' '.join(text.split())}", file=sys.stderr)
    return code


# -- tools that read runs ----------------------------------------------------------------------------------------------


def tool_exit_code(tool: Callable[[], int]) -> int:
    """Run a tool: its own exit code when it returns, 3 for any failure, 130 after Ctrl-C."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may hold any bytes
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
    """One line on stderr; returns the exit code. ``where`` tells what was read when something unexpected happened."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error, file=sys.stderr)
    reading = "" if where is None or is_expected(error) else f" (reading {where})"
    hint = "" if is_expected(error) or isinstance(error, MemoryError) else f"; {TRACEBACK}=1 shows where"
    return print_error(f"{in_one_line(error)}{hint}{reading}", TOOL_FAILED)


def _leave_nothing_unwritten() -> None:
    """Python flushes when it ends, and would end with another exit code where that fails."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
