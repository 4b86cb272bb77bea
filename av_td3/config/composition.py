"""Composes ``conf/`` outside of ``launch.py``, in a program that may use Hydra itself."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.singleton import Singleton
from hydra.core.utils import JobRuntime
from hydra.errors import HydraException
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.conf_folder import CONF
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config, DrivingTask
from av_td3.config.unused_folder import register_resolvers
from av_td3.config.validation import Part, composition_error, keys_of, typed, unknown_key, validated

CONFIG_NAME = "config"  # the primary config, conf/config.yaml
STATE_OF_A_PROGRAM = (GlobalHydra, HydraConfig, JobRuntime, VersionBase)


def composed(overrides: Sequence[str] = (), *, hydra: bool = False) -> DictConfig:
    """Compose ``conf/`` with overrides, without validation.

    Args:
        overrides: as on the command line.
        hydra: whether to keep the section ``hydra``.

    Raises:
        HydraException: an override does not fit the config.

    """
    with _hydra_of_our_own():
        return compose(CONFIG_NAME, list(overrides), return_hydra_config=hydra)


def experiment(overrides: Sequence[str] = ()) -> Config:
    """Compose and validate the config of a run.

    Args:
        overrides: as on the command line. They must set ``name``, whose default needs Hydra's runtime.

    Returns:
        The validated config; its sections with ``_target_`` are objects of the named classes.

    Raises:
        ConfigError: the configuration is invalid; the message is one line.

    """
    return _explained(lambda: validated(composed(overrides), Config))


def driving_task(overrides: Sequence[str]) -> DrivingTask:
    """Compose and validate the sections of the config that an environment is built from.

    Args:
        overrides: as on the command line.

    Raises:
        ConfigError: the configuration is invalid; the message is one line.

    """
    return _explained(lambda: _task_of(composed(overrides)))


def default_config() -> dict[str, Any]:
    """The resolved default config, as plain values."""
    content = OmegaConf.to_container(composed(["name=learn_to_drive"]), resolve=True)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


@cache
def default_keys() -> tuple[str, ...]:
    """The dotted names of all keys of the default config."""
    return tuple(keys_of(default_config()))


def selected_keys(overrides: Sequence[str], config_dir: str | None) -> tuple[str, ...]:
    """The dotted names of all keys of the options that overrides select, such as ``algorithm=ddpg``.

    Args:
        overrides: that each select a file of a config group.
        config_dir: a folder with more files.

    Returns:
        The names; those of the default config if the overrides do not compose.

    """
    search = [f"hydra.searchpath=[file://{Path(config_dir).resolve()}]"] if config_dir else []
    try:
        content = OmegaConf.to_container(composed(["name=any", *search, *overrides]), resolve=False)
    except (HydraException, OmegaConfBaseException, YAMLError, OSError, ValueError):
        return default_keys()
    assert isinstance(content, dict)
    return tuple(keys_of({str(key): value for key, value in content.items()}))


def _task_of(config: DictConfig) -> DrivingTask:
    for name in map(str, config):
        if name not in Config.model_fields:
            raise ConfigError(unknown_key(name, default_keys()))
    return typed({name: OmegaConf.to_container(config[name], resolve=True) for name in DrivingTask.model_fields}, DrivingTask)


def _explained(compose_it: Callable[[], Part]) -> Part:
    try:
        return compose_it()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(composition_error(error, default_keys)) from None
    except ConfigError as error:
        raise ConfigError(str(error)) from None


@contextmanager
def _hydra_of_our_own() -> Iterator[None]:
    """Use Hydra without changing the singletons of a program that has initialized Hydra itself."""
    Plugins.instance()  # plugins store configs when they are discovered
    theirs = Singleton._instances
    ours: dict[type, Any] = {kind: instance for kind, instance in theirs.items() if kind not in STATE_OF_A_PROGRAM}
    Singleton._instances = ours | {ConfigStore: copy.deepcopy(ConfigStore.instance())}
    try:
        register_resolvers()
        with initialize_config_dir(str(CONF), version_base="1.3"):
            yield
    finally:
        Singleton._instances = theirs
