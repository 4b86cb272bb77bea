"""Settings of a run, from its ``config.yaml`` or from a command line, checked against the config's schema."""

import dataclasses
import difflib
import typing
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.experiment import Config, ConfigError, all_keys, default_alerts
from av_td3.config.limits import first_refused

EXAMPLE = "algorithm.batch_size=256"


def parse_setting(text: str) -> tuple[str, Any]:
    """The key and the value of ``KEY=VALUE``. Raises ConfigError for an unknown key or an invalid value."""
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise ConfigError(f"--set {text}: must be KEY=VALUE, for example {EXAMPLE}")
    try:
        parsed = OmegaConf.to_container(OmegaConf.from_dotlist([f"value={value}"]), resolve=True)
    except (OmegaConfBaseException, YAMLError, ValueError) as error:
        raise ConfigError(f"--set {text}: the value is no YAML: {_first_line(error)}") from error
    assert isinstance(parsed, dict)
    try:
        return key, check_setting(OmegaConf.structured(Config), key, parsed["value"])
    except ConfigError as error:
        raise ConfigError(f"--set {text}: {error}") from error


def set_in(config: dict[str, Any], key: str, value: Any) -> None:
    """Put a value at a dotted key of a nested config."""
    *path, leaf = key.split(".")
    for part in path:
        if not isinstance(config.get(part), dict):
            config[part] = {}
        config = config[part]
    config[leaf] = value


def drop_invalid(config: dict[str, Any]) -> list[str]:
    """Take the values that the schema refuses out of a nested config; returns a line for each. Keys of others stay.

    A threshold of the gate that refers to one of the alerts becomes that number, the default one where there is no other.
    """
    schema, problems = OmegaConf.structured(Config), []
    schema.merge_with({"alerts": default_alerts()})
    for key in all_keys():
        *path, leaf = key.split(".")
        node: Any = config
        for part in path:
            node = node.get(part) if isinstance(node, dict) else None
        if isinstance(node, dict) and leaf in node:
            try:
                node[leaf] = check_setting(schema, key, node[leaf])
            except ConfigError as error:
                problems.append(f"{key}={node[leaf]}: {error}; ignored")
                del node[leaf]
    return problems


def check_setting(schema: DictConfig, key: str, value: Any) -> Any:
    """The value as the schema's type has it. Raises ConfigError for an unknown key, a wrong type or a value out of
    range; the message says what is allowed.
    """
    if key not in all_keys():
        near = difflib.get_close_matches(key, all_keys(), n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"keys are those of conf/, for example {EXAMPLE}"
        raise ConfigError(f"no such key; {hint}")
    *path, leaf = key.split(".")
    owner: Any = Config
    for part in path:
        owner = typing.get_type_hints(owner)[part]
    allowed = next(item for item in dataclasses.fields(owner) if item.name == leaf).metadata.get("allowed")
    node = OmegaConf.select(schema, ".".join(path)) if path else schema
    try:
        node[leaf] = value
        checked = node[leaf]
    except (OmegaConfBaseException, ValueError, TypeError, OverflowError) as error:
        raise ConfigError(_first_line(error)) from error
    if isinstance(checked, int) and abs(checked) >= 1 << 63:
        raise ConfigError("must have at most 63 bits")
    if allowed is not None and first_refused(allowed, checked) is not None:
        raise ConfigError(f"must be {allowed}")
    return OmegaConf.to_container(checked) if OmegaConf.is_config(checked) else checked


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
