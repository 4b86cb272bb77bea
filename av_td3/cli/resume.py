"""``resume=DIR``: the config of the run in DIR, with what is typed beside it.

Nothing in a folder of somebody else may name code: only overrides of a run's own keys and groups are taken from it, and an
override that names code must be typed again.
"""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from av_td3.cli.arguments import GROUPS, parse
from av_td3.config.composition import CONFIG_NAME
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.schema import TARGET
from av_td3.runs.config_file import OVERRIDES_FILE, overrides_to_resume

OURS = re.compile(r"av_td3(\.[A-Za-z_]\w*)+", re.ASCII)
REFERENCE = re.compile(r"\$\{[A-Za-z_][\w.]*\}", re.ASCII)  # to another key; others call functions
FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # of a config group
HOW_TO_START = ("resume", "resume_with_changes")  # keys that hold for one launch only


class Job(NamedTuple):
    """What a run is configured with, and the overrides that say so."""

    config: DictConfig  # without Hydra's part
    overrides: list[str]


def overrides_of(hydra: Any) -> list[str]:
    """What was typed for a job, from Hydra's part of its config; references in it stay as they are."""
    overrides = OmegaConf.to_container(hydra.overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return [str(text) for text in overrides]


def job_of(composed: DictConfig, overrides: list[str]) -> Job:
    """The job as it was composed, or the one in ``resume`` with these overrides added.

    Raises ConfigError where that folder holds no run, or overrides that no run is given.
    """
    if composed.resume is None:
        return Job(composed, overrides)
    folder = Path(str(composed.resume))
    if not (folder / OVERRIDES_FILE).is_file():
        raise ConfigError(f"resume={folder}: there is no run ({folder / OVERRIDES_FILE} is missing)")
    recorded, typed = _recorded(folder), [text for text in overrides if parse(text).key_or_group != "resume"]
    config = _composed([*recorded, *typed])
    _check_code(config, recorded, typed)
    return Job(config, [*recorded, *typed])


def _composed(overrides: list[str]) -> DictConfig:
    """A config as Hydra would compose it from here. References to Hydra's own part are to this one's from now on."""
    full = GlobalHydra.instance().config_loader().load_configuration(CONFIG_NAME, overrides, RunMode.RUN)
    HydraConfig.instance().set_config(full)
    return without_hydra(full)


def without_hydra(config: DictConfig) -> DictConfig:
    """The part of a composed config that a run gets."""
    job = copy.deepcopy(config)
    with read_write(job), open_dict(job):
        del job["hydra"]
    return job


def _recorded(folder: Path) -> list[str]:
    """The overrides in a run's folder: only what belongs to a run's config, nothing that Hydra would call."""
    overrides = overrides_to_resume(folder)
    for text in overrides:
        try:
            allowed = _is_setting(parse(text))
        except ConfigError as error:
            raise ConfigError(f"{folder / OVERRIDES_FILE}: {error}") from error
        if not allowed:
            reason = f"{text} is not a configuration key or file of conf/; refusing to resume from it"
            raise ConfigError(f"{folder / OVERRIDES_FILE}: {reason}")
    return overrides


def _check_code(config: DictConfig, recorded: list[str], typed: list[str]) -> None:
    """A folder of somebody else may not choose code that lies beside it; whoever knows the code repeats its name.

    What the config names is code of ours, or named in a file of a config group, or in what is typed.
    """
    foreign = {name for name in _targets(OmegaConf.to_container(config, resolve=True)) if not OURS.fullmatch(name)}
    if not foreign:
        return
    groups = [text for text in recorded if parse(text).key_or_group in GROUPS]
    chosen = set(_targets(OmegaConf.to_container(_composed([*groups, *typed]), resolve=True)))
    for name in sorted(foreign - chosen):
        text = next((text for text in recorded if name in text), "the override that names it")
        raise ConfigError(f"{name}: names code of your own; to resume with it, write {text} again")


def _targets(content: Any) -> Iterator[str]:
    """What is named under ``_target_`` anywhere in a config."""
    if isinstance(content, dict):
        if TARGET in content:
            yield str(content[TARGET])
        content = list(content.values())
    for part in content if isinstance(content, list) else ():
        yield from _targets(part)


def _is_setting(override: Override) -> bool:
    """Whether an override picks a file of conf/ or sets a key of a section, and nothing that Hydra or OmegaConf would call."""
    name, value, text = override.key_or_group, None if override.is_delete() else override.value(), str(override.input_line)
    if name.startswith("hydra") or override.package is not None or "${" in REFERENCE.sub("", text):
        return False
    if name in GROUPS:
        return isinstance(value, str) and FILE.fullmatch(value) is not None
    # The schema of the option that is chosen checks the rest.
    return name not in HOW_TO_START and name.partition(".")[0] in Config.model_fields
