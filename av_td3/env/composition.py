"""The config of an environment in a program that may have a Hydra of its own."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from av_td3.command_line import composition_error
from av_td3.config import CONF, Config, ConfigError, register_schema, validated


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
    """Hydra's state is global: whoever set it up before finds it again afterwards, and its stored configs too."""
    Plugins.instance()  # they store configs as they are first found
    hydra, store = GlobalHydra.instance(), ConfigStore.instance()
    theirs, stored = hydra.hydra, copy.deepcopy(store.repo)
    hydra.clear()
    register_schema()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            yield
    finally:
        hydra.hydra, store.repo = theirs, stored
