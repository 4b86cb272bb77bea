"""The environment that a run was trained in, from the config in its folder. The folder may come from someone else."""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from av_td3.config.composition import composed, default_keys
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import DrivingTask
from av_td3.config.foreign_classes import foreign_classes
from av_td3.config.older_runs import completed
from av_td3.config.validation import composition_error, typed
from av_td3.runs.config_file import CONFIG_FILE, OVERRIDES_FILE, config_to_resume, overrides_to_resume

SECTIONS = tuple(DrivingTask.model_fields)
REFERENCE = re.compile(r"\$\{[A-Za-z_][\w.]*\}", re.ASCII)  # to another key; other interpolations call functions


def driving_task_of(run: Path, overrides: Sequence[str] = (), packages: Collection[str] = ()) -> DrivingTask:
    """Read the sections of a run's config that an environment is built from.

    Args:
        run: folder of the run.
        overrides: as on the command line; they come after those of the run.
        packages: names of packages besides this one whose classes the config may name.

    Raises:
        ConfigError: there is no such run, its config names classes of other packages, or an override is invalid. The message
            is one line.

    """
    stored = _stored_sections(run)
    _check_classes(run, stored, packages)
    own_simulator = any(text.startswith("simulator=") for text in overrides)
    if overrides:  # what they change is changed in the stored config, which conf/ may no longer compose to
        recorded = [text for text in _recorded(run) if not (own_simulator and _is_of_simulator(text))]
        before, after = _composed(run, recorded, _stored_values(stored, overrides)), _composed(run, [*recorded, *overrides])
        stored = _changed(stored, before, after) | {name: after[name] for name in _selected_sections(overrides)}
        _check_classes(run, stored, packages, overrides)
    if own_simulator:  # nothing of it comes from the folder
        stored["simulator"] = _composed(run, [text for text in overrides if _is_of_simulator(text)])["simulator"]
    try:
        task = typed(stored, DrivingTask)
    except ConfigError as error:
        raise ConfigError(str(error) if overrides else f"{run / CONFIG_FILE}: {error}") from None
    if task.simulator.program_keys and not own_simulator:
        raise ConfigError(
            f"{run / CONFIG_FILE}: its simulator starts programs that the file names; select yours, such as simulator=builtin, "
            "or simulator=carla_binary and its keys"
        )
    return task


def _is_of_simulator(override: str) -> bool:
    return override.lstrip("+~").startswith(("simulator=", "simulator."))


def _stored_sections(run: Path) -> dict[str, Any]:
    if not (run / CONFIG_FILE).is_file():
        raise ConfigError(f"{run}: not the folder of a run (it has no {CONFIG_FILE})")
    content = completed(config_to_resume(run))
    missing = [name for name in SECTIONS if name not in content]
    if missing:
        raise ConfigError(f"{run}: not the folder of a run ({CONFIG_FILE} has no {', '.join(missing)})")
    return {name: content[name] for name in SECTIONS}


def _check_classes(run: Path, content: dict[str, Any], packages: Collection[str], typed_by_user: Sequence[str] = ()) -> None:
    foreign = [name for name in foreign_classes(content, packages) if not any(name in text for text in typed_by_user)]
    if foreign:
        names = ", ".join(repr(name) for name in dict.fromkeys(name.partition(".")[0] for name in foreign))
        raise ConfigError(
            f"{run / CONFIG_FILE}: names classes from outside av_td3 ({', '.join(foreign)}); if you trust them, add "
            f"packages=[{names}]"
        )


def _recorded(run: Path) -> list[str]:
    """The overrides of a run, from which nothing but configuration is read."""
    recorded = overrides_to_resume(run)
    for text in recorded:
        if text.lstrip("+~").startswith("hydra") or "${" in REFERENCE.sub("", text):
            raise ConfigError(f"{run / OVERRIDES_FILE}: {text} sets more than a configuration key; refusing to use it")
    return recorded


def _named_keys(overrides: Sequence[str]) -> list[str]:
    """The keys that overrides set, groups among them."""
    return [text.lstrip("+").partition("=")[0] for text in overrides if not text.startswith("~")]


def _selected_sections(overrides: Sequence[str]) -> list[str]:
    """The sections for which overrides select a file of ``conf/``."""
    return [key for key in _named_keys(overrides) if key in SECTIONS]


def _stored_values(stored: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The values that the run has of the keys which overrides set. They may be those that ``conf/`` has now."""
    values = {}
    for key in _named_keys(overrides):
        *sections, last = key.split(".")
        place: Any = stored
        for name in sections:
            place = place.get(name) if isinstance(place, dict) else None
        if sections and isinstance(place, dict) and last in place:
            values[key] = place[last]
    return values


def _composed(run: Path, overrides: Sequence[str], values: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """The sections as ``conf/`` composes them now, with other values of some keys, and of those that refer to them."""
    try:
        config = composed(["name=environment", *overrides])
        for key, value in values.items():
            OmegaConf.update(config, key, value, merge=False, force_add=True)
        return {name: OmegaConf.to_container(config[name], resolve=True) for name in SECTIONS}
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"{run}: {composition_error(error, default_keys)}") from None


def _changed(content: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """A config with the keys that differ between two others changed to those of the second."""
    out = {key: value for key, value in content.items() if key in after or key not in before}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and isinstance(out.get(key), dict):
            out[key] = _changed(out[key], old, value)
        elif key not in before or value != old:
            out[key] = value
    return out
