"""In which keys two configs differ."""

from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from av_td3.config import CONF, register_schema


class Difference(NamedTuple):
    """A key and its two values, as YAML would write them; a dash where one config lacks the key."""

    key: str
    first: str
    second: str


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[Difference]:
    """The keys whose values are not the same, in alphabetical order."""
    one, other = _flat(first), _flat(second)
    keys = sorted({key for key in one.keys() | other.keys() if one.get(key, "-") != other.get(key, "-")})
    return [Difference(key, one.get(key, "-"), other.get(key, "-")) for key in keys]


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


def _flat(node: dict[str, Any], path: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in node.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{path}{key}.")
        else:
            flat[f"{path}{key}"] = "null" if value is None else str(value)
    return flat
