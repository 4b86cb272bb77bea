"""The config of an environment in a program that may have a Hydra of its own."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
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
from omegaconf.errors import OmegaConfBaseException

from av_td3.cli.exit_codes import composition_error
from av_td3.config.experiment import CONF, Config, ConfigError, register_schema, validated

STATE_OF_A_PROGRAM = (GlobalHydra, HydraConfig, JobRuntime, VersionBase)


def composed_config(overrides: list[str]) -> Config:
    """What ``conf/`` says with these overrides. Raises ConfigError, in one line."""
    try:
        with _hydra_of_our_own():
            return validated(compose("config", overrides))
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(composition_error(error)) from None
    except ConfigError as error:
        raise ConfigError(str(error)) from None


@contextmanager
def _hydra_of_our_own() -> Iterator[None]:
    """Hydra keeps its state in singletons. Whoever set them up before finds them again as they were."""
    Plugins.instance()  # they store configs as they are first found
    theirs = Singleton._instances
    ours: dict[type, Any] = {kind: instance for kind, instance in theirs.items() if kind not in STATE_OF_A_PROGRAM}
    Singleton._instances = ours | {ConfigStore: copy.deepcopy(ConfigStore.instance())}
    try:
        register_schema()
        with initialize_config_dir(str(CONF), version_base="1.3"):
            yield
    finally:
        Singleton._instances = theirs
