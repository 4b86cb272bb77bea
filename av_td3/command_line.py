"""From exceptions to what a person at a shell needs: one line, and an exit code that scripts can rely on."""

import difflib
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from av_td3.config import ConfigError, all_keys
from av_td3.errors import RunFailed, SimulatorUnavailable

WRONG_INPUT, FAILED, INTERRUPTED = 2, 1, 130


def with_resume(arguments: list[str]) -> list[str]:
    """``resume=DIR`` stands for the overrides that the run in DIR was started with, and for its folder.

    Other overrides are kept behind them. Raises ConfigError where DIR holds no run.
    """
    folders = [argument.partition("=")[2] for argument in arguments if argument.startswith("resume=")]
    if not folders:
        return arguments
    path = Path(folders[-1]) / ".hydra" / "overrides.yaml"
    if not path.is_file():
        raise ConfigError(f"resume={folders[-1]}: there is no run ({path} is missing)")
    if "-m" in arguments or "--multirun" in arguments:
        raise ConfigError(f"resume={folders[-1]}: goes on with one run; start it without -m")
    told = [str(override) for override in OmegaConf.load(path)]
    others = [argument for argument in arguments if not argument.startswith("resume=")]
    return [*told, *others, f"hydra.run.dir={folders[-1]}"]


def exit_code(main: Callable[[], object]) -> int:
    """Call ``main``: 0 when it returns, 2 for wrong input, 1 for a run that failed, 130 after Ctrl-C or SIGTERM."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # a scheduler's own answer stays
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        main()
    except (ConfigError, SimulatorUnavailable) as error:
        return _say(str(error), WRONG_INPUT)
    except (HydraException, OmegaConfBaseException) as error:
        return _say(composition_error(error), WRONG_INPUT)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"cannot write or read: {where}{error.strerror or error}", WRONG_INPUT)
    except RunFailed as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        return _say("interrupted; what was written so far is kept", INTERRUPTED)
    return 0


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _say(text: str, code: int) -> int:
    print(f"error: {' '.join(text.split())}", file=sys.stderr)
    return code


def composition_error(error: Exception) -> str:
    """Hydra's words, shortened: a wrong key with the nearest right one, or what was wrong with a value."""
    text = " ".join(str(error).split())
    unknown = re.match(r"Could not override '([^']+)'", text)
    if unknown:
        key = unknown.group(1)
        near = difflib.get_close_matches(key, all_keys(), n=1, cutoff=0.6)
        return f"{key}: no such key" + (f"; did you mean {near[0]}?" if near else "; conf/ lists them all")
    cause = error.__cause__
    if cause is not None and str(cause) not in text:
        text += ": " + str(cause).splitlines()[0]
    return text
