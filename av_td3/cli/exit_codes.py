"""From exceptions to what a person at a shell needs: one line, and an exit code that scripts can rely on."""

import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from av_td3.config.composition import default_keys
from av_td3.config.errors import ConfigError
from av_td3.config.validation import composition_error
from av_td3.runs.errors import Interrupted, RunFailed, SimulatorUnavailable

WRONG_INPUT, FAILED, INTERRUPTED = 2, 1, 130
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def exit_code(main: Callable[[], object]) -> int:
    """Call ``main``: 0 when it returns, 2 for wrong input, 1 for a run that failed, 130 after Ctrl-C and ``ENDING_SIGNALS``."""
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:  # a scheduler's or nohup's own answer stays
            signal.signal(number, _interrupt)
    try:
        main()
    except (ConfigError, SimulatorUnavailable) as error:
        return print_error(str(error), WRONG_INPUT)
    except (HydraException, OmegaConfBaseException) as error:
        return print_error(composition_error(error, default_keys), WRONG_INPUT)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return print_error(f"cannot write or read: {where}{error.strerror or error}", WRONG_INPUT)
    except RunFailed as error:
        return print_error(str(error), FAILED)
    except KeyboardInterrupt as error:
        return print_error(str(error) if isinstance(error, Interrupted) else "interrupted", INTERRUPTED)
    return 0


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def print_error(text: str, code: int) -> int:
    """Say what went wrong in one line; returns the exit code."""
    print(f"error: {' '.join(text.split())}", file=sys.stderr)
    return code
