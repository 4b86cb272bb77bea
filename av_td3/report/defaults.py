"""What a run is without overrides."""

from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from av_td3.config.experiment import CONF, register_schema


def default_config() -> dict[str, Any]:
    """What ``python launch.py`` would run, but for the name of the experiment."""
    register_schema()
    running = GlobalHydra.instance().hydra  # where this is called at the end of a run
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = OmegaConf.to_container(compose("config", ["name=validation_5k"]), resolve=True)
    finally:
        if running is not None:
            GlobalHydra.instance().initialize(running)
    assert isinstance(config, dict)
    return {str(key): value for key, value in config.items()}
