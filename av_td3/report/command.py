"""What all reading tools have in common: what they are told, and what they say when they cannot read."""

import sys
from collections.abc import Callable
from functools import wraps

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config import ConfigError
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.diagnostics.scalars import UnreadableLog

UNREADABLE = 3  # exit code; 0 to 2 are verdicts


def reads(tool: Callable[..., int]) -> Callable[..., int]:
    """What cannot be read ends the tool with one line."""

    @wraps(tool)
    def guarded(*arguments: object) -> int:
        try:
            return tool(*arguments)
        except (UnreadableLog, ConfigError, OSError) as error:
            return say(error)

    return guarded


def say(error: Exception) -> int:
    """One line on stderr; returns the exit code."""
    where = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
    print(f"error: {' '.join(where.split())}", file=sys.stderr)
    return UNREADABLE


def told(run: RecordedRun, settings: list[str]) -> RecordedRun:
    """The run with settings that its log does not hold. Raises ConfigError."""
    try:
        merged = OmegaConf.merge(run.config, OmegaConf.from_dotlist(settings))
    except (OmegaConfBaseException, YAMLError, ValueError) as error:
        raise ConfigError(f"--set {' '.join(settings)}: {' '.join(str(error).split())}") from error
    config = OmegaConf.to_container(merged)
    assert isinstance(config, dict)
    run.config = {str(key): value for key, value in config.items()}
    return run
