"""The command line of ``launch.py``, read before Hydra reads it: what is wrong is refused in one line."""

import argparse
import difflib
import re
from pathlib import Path
from typing import Any, NoReturn

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, Sweep
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.composition import CONF, default_keys
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.runs.folder import OVERRIDES

CODE = re.compile(r"_target_")  # settings that name code
RESOLVER = re.compile(r"\$\{[^}]*:")  # an interpolation that calls a function
FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # of a group in conf/
GROUPS = {path.relative_to(CONF).as_posix() for path in CONF.rglob("*") if path.is_dir()}
NOT_IN_DEFAULTS = ("sweep",)  # groups that are added with +


def checked(arguments: list[str]) -> list[str]:
    """The arguments as Hydra should get them. Raises ConfigError for those that it could not make sense of."""
    options = _options(arguments)
    if options.experimental_rerun is not None:
        raise ConfigError("--experimental-rerun: write resume=DIR to resume a run")
    if options.cfg is not None and options.multirun:
        raise ConfigError("--cfg: shows one config; leave -m out")
    if any(text.startswith("hydra.mode=") for text in options.overrides):
        raise ConfigError("hydra.mode: use -m for several runs")
    resumed = [text for text in options.overrides if text.startswith("resume=")]
    others = [text for text in options.overrides if not text.startswith("resume=")]
    for text in others:
        _check(_parse(text), multirun=options.multirun)
    if resumed and any(text.startswith("hydra.run.dir=") for text in others):
        raise ConfigError(f"{resumed[-1]}: the run is resumed in its own folder; leave hydra.run.dir= out")
    before, after = _of_resumed(resumed[-1], multirun=options.multirun) if resumed else ([], [])
    _check_code_of_others(before, others)
    return [*_without(arguments, options.overrides), *before, *others, *after]


def _of_resumed(text: str, *, multirun: bool) -> tuple[list[str], list[str]]:
    """``resume=DIR`` stands for the overrides that the run in DIR was started with, and for its folder.

    The folder is taken as it stands, whatever its name. Raises ConfigError where it holds no run, or overrides that no run
    is given.
    """
    folder = text.partition("=")[2]
    if folder[:1] == folder[-1:] and folder[:1] in ("'", '"'):
        folder = folder[1:-1]
    path = Path(folder) / OVERRIDES
    if not folder or not path.is_file():
        raise ConfigError(f"resume={folder}: there is no run ({path} is missing)" if folder else "resume=: name a run's folder")
    if multirun:
        raise ConfigError(f"resume={folder}: resumes one run; start it without -m")
    return _recorded(path), [f"hydra.run.dir={_quoted(folder)}"]


def _quoted(text: str) -> str:
    """As Hydra's grammar reads it: a backslash counts only before a quote, where it is doubled, and before an interpolation."""
    text = re.sub(r"(\\*)\$\{", lambda start: start[1] * 2 + "\\${", text)
    return "'" + re.sub(r"(\\*)('|$)", lambda end: end[1] * 2 + ("\\'" if end[2] else ""), text) + "'"


def _recorded(path: Path) -> list[str]:
    """The overrides in a run's folder: only what belongs to a run's config, nothing that Hydra would call."""
    try:
        content = OmegaConf.to_container(OmegaConf.load(path))
    except (OmegaConfBaseException, YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(content, list) or not all(isinstance(text, str) for text in content):
        raise ConfigError(f"{path}: must be a list of overrides such as seed=1")
    for text in content:
        if not _is_setting(_parse(text)):
            raise ConfigError(f"{path}: {text} is not a configuration key or file of conf/; refusing to resume from it")
    return [str(text) for text in content]


def _check_code_of_others(recorded: list[str], typed: list[str]) -> None:
    """A folder of somebody else may not choose code that lies beside it; whoever knows the code repeats its name."""
    for text in recorded:
        names = re.findall(r"[A-Za-z_]\w*(?:\.\w+)+", text.partition("=")[2])
        ours = names and all(name.startswith("av_td3.") for name in names) and "${" not in text  # which could name anything
        if CODE.search(text) and not text.startswith("~") and not ours and text not in typed:
            raise ConfigError(f"{text}: names code of your own; to resume with it, write {text} again")


def _is_setting(override: Override) -> bool:
    """Whether an override picks a file of conf/ or sets a key of a section, and nothing that Hydra or OmegaConf would call."""
    name, value = override.key_or_group, None if override.is_delete() else override.value()
    if override.package is not None or name.startswith("hydra") or RESOLVER.search(str(override.input_line)):
        return False
    if name in GROUPS:
        return isinstance(value, str) and FILE.fullmatch(value) is not None
    return name.partition(".")[0] in Config.model_fields  # the schema of the option that is chosen checks the rest


def _without(arguments: list[str], overrides: list[str]) -> list[str]:
    """Hydra's options alone. Its own parser refuses overrides on both sides of one."""
    options, left = [], list(overrides)
    for text in arguments:
        if text in left:
            left.remove(text)
        else:
            options.append(text)
    return options


def _options(arguments: list[str]) -> Any:
    """Hydra's own options. Raises ConfigError for others."""
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
            hint = f"settings have no dashes: {setting}" if "=" in setting else "--help shows what there is"
            raise ConfigError(f"{wrong}: no such option; {hint}") from error
        raise ConfigError(f"{error}; --help shows what there is") from error


class _Refused(Exception):
    """What argparse says of wrong options."""


def _refuse(message: str) -> NoReturn:
    raise _Refused(message.removeprefix("argument "))


def _parse(text: str) -> Override:
    if "=" not in text and not text.startswith("~"):
        raise ConfigError(f"{text}: write KEY=VALUE, without spaces around the =")
    if text.startswith("="):
        raise ConfigError(f"{text}: a key is missing before the =")
    try:
        return OverridesParser.create().parse_override(text)
    except (HydraException, ValueError) as error:
        reason = str(error.__cause__ or error).splitlines()[0] if "ValueError" in str(error) else "it is not KEY=VALUE"
        hint = "put text with spaces, commas or special characters into quotes: name='\"a b\"'"
        raise ConfigError(f"{text}: cannot be read ({reason}); {hint}") from error


def _check(override: Override, *, multirun: bool) -> None:
    name, text = override.key_or_group, override.input_line
    if name == "resume":
        raise ConfigError(f"{text}: write resume=DIR, without + or ~")
    if not override.is_delete() and override.value() == {}:
        raise ConfigError(f"{text}: changes nothing; to remove an entry write ~{name}.ENTRY")
    if override.is_delete() and name in GROUPS:
        raise ConfigError(f"{text}: no run can do without it; pick another file of conf/{name}/ with {name}=")
    if name in NOT_IN_DEFAULTS and not override.is_add():
        raise ConfigError(f"{text}: {name} is added to a run: write +{text}")
    if multirun and getattr(override.value() if not override.is_delete() else None, "shuffle", False):
        raise ConfigError(f"{text}: another order each time, so that the sweep could not be repeated; list the values")
    if name in GROUPS and not isinstance(override.value(), str | dict | Sweep):
        raise ConfigError(f"{text}: takes one file of conf/{name}/, such as {_files(name)[0]}")
    if override.is_sweep_override() and not multirun:
        raise ConfigError(f"{text}: several values; add -m to run each, or put [ ] around a list and quotes around text")
    listed = override.is_sweep_override() and override.is_discrete_sweep() and not isinstance(override.value(), Glob)
    if listed and not list(override.sweep_iterator()):
        raise ConfigError(f"{text}: no values; a sweep needs one at least")
    if name.startswith("hydra.") and name.endswith((".run.dir", ".sweep.dir")) and not str(override.value()).strip():
        raise ConfigError(f"{text}: name a folder, or leave the default")
    if "/" not in name and "." not in name and name not in GROUPS and name != "resume" and name not in default_keys():
        near = difflib.get_close_matches(name, sorted(GROUPS), n=1, cutoff=0.8)
        if near:
            raise ConfigError(f"{name}: no such key or group; did you mean {near[0]}=?")


def _files(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
