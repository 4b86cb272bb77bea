"""The command line of ``launch.py``. It is checked before Hydra parses it, so that every error is a single line."""

import argparse
import difflib
from typing import NoReturn

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, QuotedString, Sweep
from hydra.errors import HydraException

from av_td3.config.composition import default_keys, selected_keys
from av_td3.config.conf_folder import CONF
from av_td3.config.errors import ConfigError
from av_td3.config.validation import composition_error

NO_GROUPS = ("routes",)  # folders of conf/ whose files are named by a key
GROUPS = {path.relative_to(CONF).as_posix() for path in CONF.rglob("*") if path.is_dir() and path.name not in NO_GROUPS}
NOT_IN_DEFAULTS = ("sweep",)  # groups that are added with +


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Parse Hydra's options and the overrides, which may be mixed.

    Args:
        arguments: the words after the name of the program.

    Returns:
        Hydra's options; ``overrides`` holds the overrides in the order in which they were typed.

    Raises:
        ConfigError: an argument is invalid. Hydra would ignore some of these and print several lines for others.

    """
    options = _options(arguments)
    if options.experimental_rerun is not None:
        raise ConfigError("--experimental-rerun: write resume=DIR to resume a run")
    if options.cfg is not None and options.multirun:
        raise ConfigError("--cfg: shows a single config; omit -m")
    if options.resolve and options.cfg is None:
        raise ConfigError("--resolve: requires --cfg")
    overrides = [parse(text) for text in options.overrides]
    for override in overrides:
        _check(override, multirun=options.multirun)
    _check_resume(overrides, multirun=options.multirun)
    return options


def explain(error: HydraException, options: argparse.Namespace) -> str:
    """One line for an error of composition; an unknown key is compared with those of the options that were selected."""
    selecting = [text for text in options.overrides if parse(text).key_or_group in GROUPS]
    return composition_error(error, lambda: selected_keys(selecting, options.config_dir))


def _check_resume(overrides: list[Override], *, multirun: bool) -> None:
    keys = [override.key_or_group for override in overrides]
    if "resume" not in keys:
        return
    resumed = overrides[len(keys) - 1 - keys[::-1].index("resume")]
    text, folder = str(resumed.input_line), resumed.value()
    if text == "resume=":
        raise ConfigError("resume=: must be the folder of a run")
    if not isinstance(folder, str | QuotedString) and text != f"resume={folder}":
        raise ConfigError(
            f"{text}: must be the folder of a run, in quotes if it looks like a number or a list: resume='\"1.0\"'"
        )
    if multirun:
        raise ConfigError(f"{text}: resumes a single run; omit -m")
    if "hydra.run.dir" in keys:
        raise ConfigError(f"{text}: a run is resumed in its own folder; omit hydra.run.dir=")


def _options(arguments: list[str]) -> argparse.Namespace:
    """Parse Hydra's own options. Raises ConfigError for unknown ones."""
    parser = get_args_parser()
    options = sorted(name for action in parser._actions for name in action.option_strings)
    parser.error = _refuse  # type: ignore[method-assign]  # argparse would print eight lines about all options
    try:
        return parser.parse_intermixed_args(arguments)
    except argparse.ArgumentError as error:  # pragma: no cover - from Python 3.12 on
        raise ConfigError(str(error)) from error
    except _Refused as error:
        wrong = next((text for text in arguments if text.startswith("-") and text.partition("=")[0] not in options), None)
        if wrong is not None:
            setting = wrong.lstrip("-")
            hint = f"overrides have no dashes: {setting}" if "=" in setting else "see --help"
            raise ConfigError(f"{wrong}: no such option; {hint}") from error
        raise ConfigError(f"{error}; see --help") from error


class _Refused(Exception):
    """An error of argparse."""


def _refuse(message: str) -> NoReturn:
    raise _Refused(message.removeprefix("argument "))


def parse(text: str) -> Override:
    """Parse one override with Hydra's grammar. Raises ConfigError."""
    if "=" not in text and not text.startswith("~"):
        raise ConfigError(f"{text}: write KEY=VALUE, without spaces around the =")
    if text.startswith("="):
        raise ConfigError(f"{text}: the key before the = is missing")
    try:
        return OverridesParser.create().parse_override(text)
    except (HydraException, ValueError) as error:
        reason = str(error.__cause__ or error).splitlines()[0] if "ValueError" in str(error) else "not KEY=VALUE"
        hint = "quote text with spaces, commas or special characters: name='\"a b\"'"
        raise ConfigError(f"{text}: cannot be parsed ({reason}); {hint}") from error


def _check(override: Override, *, multirun: bool) -> None:
    name, text = override.key_or_group, override.input_line
    if name == "hydra.mode":
        raise ConfigError("hydra.mode: use -m to launch several runs")
    if name == "hydra":
        raise ConfigError(f"{text}: is Hydra's section; set one of its keys, such as hydra.run.dir=DIR")
    if name == "resume" and (override.is_delete() or override.is_add() or override.is_force_add()):
        raise ConfigError(f"{text}: write resume=DIR, without + or ~")
    if not override.is_delete() and override.value() == {}:
        raise ConfigError(f"{text}: changes nothing; to remove an entry write ~{name}.ENTRY")
    if override.is_delete() and name in GROUPS:
        raise ConfigError(f"{text}: every run needs it; select another file of conf/{name}/ with {name}=")
    if name in NOT_IN_DEFAULTS and not override.is_add():
        raise ConfigError(f"{text}: {name} is not in the defaults list: write +{text}")
    if multirun and getattr(override.value() if not override.is_delete() else None, "shuffle", False):
        raise ConfigError(f"{text}: shuffles differently each time, so the sweep is not reproducible; list the values")
    if name in GROUPS and not isinstance(override.value(), str | dict | Sweep):
        raise ConfigError(f"{text}: must be one file of conf/{name}/, such as {_files(name)[0]}")
    if override.is_sweep_override() and not multirun:
        raise ConfigError(f"{text}: several values; add -m to run each, or put [ ] around a list and quotes around text")
    if not override.is_delete() and isinstance(override.value(), Glob) and name not in GROUPS:
        raise ConfigError(f"{text}: glob() selects files of a group; list the values of a key")
    listed = override.is_sweep_override() and override.is_discrete_sweep() and not isinstance(override.value(), Glob)
    if listed and not list(override.sweep_iterator()):
        raise ConfigError(f"{text}: no values; a sweep needs at least one")
    if name.startswith("hydra.") and name.endswith((".run.dir", ".sweep.dir")) and not str(override.value()).strip():
        raise ConfigError(f"{text}: must be a folder; omit it to use the default")
    if "/" not in name and "." not in name and name not in GROUPS and name not in default_keys():
        near = difflib.get_close_matches(name, sorted(GROUPS), n=1, cutoff=0.8)
        if near:
            raise ConfigError(f"{name}: no such key or group; did you mean {near[0]}=?")


def _files(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
