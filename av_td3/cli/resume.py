"""``resume=DIR``: composes the config of the run in DIR, with the overrides of the command line added.

The folder may come from someone else, so it must not select code. Only overrides of configuration keys and groups are read from
it, and an override that names a class outside this package must be typed again.
"""

import copy
import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from av_td3.cli.arguments import GROUPS, parse
from av_td3.config.composition import CONFIG_NAME
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.foreign_classes import foreign_classes
from av_td3.runs.config_file import OVERRIDES_FILE, overrides_to_resume

REFERENCE = re.compile(r"\$\{[A-Za-z_][\w.]*\}", re.ASCII)  # to another key; other interpolations call functions
FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # of a config group
LAUNCH_KEYS = ("resume", "resume_with_changes")  # keys that hold for one launch only


class Job(NamedTuple):
    """The composed config of a run, and the overrides that it was composed from."""

    config: DictConfig  # without the section hydra
    overrides: list[str]


def overrides_of(hydra: Any) -> list[str]:
    """The overrides of a job, from the section ``hydra`` of its config. Interpolations are not resolved."""
    overrides = OmegaConf.to_container(hydra.overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return [str(text) for text in overrides]


def job_of(composed: DictConfig, overrides: list[str]) -> Job:
    """The job to run: as composed, or, with ``resume``, composed from the overrides of that run and these.

    Args:
        composed: the config of the launch, without the section ``hydra``.
        overrides: the overrides of the launch.

    Raises:
        ConfigError: the folder holds no run, or overrides that must not be read from a folder.

    """
    if composed.resume is None:
        return Job(composed, overrides)
    folder = Path(str(composed.resume))
    if not (folder / OVERRIDES_FILE).is_file():
        raise ConfigError(f"resume={folder}: not the folder of a run ({folder / OVERRIDES_FILE} is missing)")
    recorded, typed = _recorded(folder), [text for text in overrides if parse(text).key_or_group != "resume"]
    overrides_of_both = [*(text for text in recorded if text not in typed), *typed]
    config = _composed(overrides_of_both)
    _check_code(config, recorded, typed)
    _check_programs(config, recorded, typed)
    return Job(config, overrides_of_both)


def _composed(overrides: list[str]) -> DictConfig:
    """Compose a config as Hydra would. From now on ``${hydra:...}`` refers to this config."""
    full = GlobalHydra.instance().config_loader().load_configuration(CONFIG_NAME, overrides, RunMode.RUN)
    HydraConfig.instance().set_config(full)
    return without_hydra(full)


def without_hydra(config: DictConfig) -> DictConfig:
    """A copy of a composed config without the section ``hydra``."""
    job = copy.deepcopy(config)
    with read_write(job), open_dict(job):
        del job["hydra"]
    return job


def _recorded(folder: Path) -> list[str]:
    """The overrides in a run's folder. Raises ConfigError for any that is not of a run's own config."""
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
    """Raise ConfigError if the recorded overrides alone select code from outside this package.

    Every class in the config must be of this package, or be named by a file of a config group or on the command line.
    """
    foreign = foreign_classes(OmegaConf.to_container(config, resolve=True))
    if not foreign:
        return
    groups = [text for text in recorded if parse(text).key_or_group in GROUPS]
    chosen = foreign_classes(OmegaConf.to_container(_composed([*groups, *typed]), resolve=True))
    unnamed = [name for name in foreign if name not in chosen]
    if unnamed:
        texts = [next((shlex.quote(text) for text in recorded if name in text), f"the one of {name}") for name in unnamed]
        are = "is" if len(unnamed) == 1 else "are"
        again = " ".join(dict.fromkeys(texts))
        raise ConfigError(f"{', '.join(unnamed)}: {are} from outside av_td3; to resume with this code, repeat {again}")


def _check_programs(config: DictConfig, recorded: list[str], typed: list[str]) -> None:
    """Raise ConfigError if the recorded overrides alone say which program the simulator starts, or how."""
    kind: Any = get_class(config.simulator._target_)
    keys = tuple(f"simulator.{key}" for key in kind.program_keys)
    named = [text for text in recorded if keys and text.lstrip("+~").startswith(keys) and text not in typed]
    if named:
        again = " ".join(map(shlex.quote, named))
        raise ConfigError(f"{', '.join(named)}: says which program is started; to resume with it, repeat {again}")


def _is_setting(override: Override) -> bool:
    """Whether an override selects a file of conf/ or sets a configuration key, and makes Hydra or OmegaConf call nothing."""
    name, value, text = override.key_or_group, None if override.is_delete() else override.value(), str(override.input_line)
    if name.startswith("hydra") or override.package is not None or "${" in REFERENCE.sub("", text):
        return False
    if name in GROUPS:
        return isinstance(value, str) and FILE.fullmatch(value) is not None
    # The schema of the selected option checks the rest.
    return name not in LAUNCH_KEYS and name.partition(".")[0] in Config.model_fields
