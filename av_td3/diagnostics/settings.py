"""Settings of a run, from its ``config.yaml`` or the command line, validated against the schema of our options."""

import difflib
import re
import typing
from functools import cache
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from yaml import YAMLError

from av_td3.agents.td3_config import TD3Config
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.schema import Schema
from av_td3.config.validation import what_is_allowed
from av_td3.diagnostics.gate_file import defaults

EXAMPLE = "algorithm.batch_size=256"
ALERT_REFERENCE = re.compile(r"\$\{alerts\.(\w+)\}")


def parse_setting(text: str) -> tuple[str, Any]:
    """Parse ``KEY=VALUE``. Raises ConfigError for an unknown key or an invalid value."""
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise ConfigError(f"--set {text}: must be KEY=VALUE, for example {EXAMPLE}")
    try:
        parsed = OmegaConf.to_container(OmegaConf.from_dotlist([f"value={value}"]), resolve=True)
    except (OmegaConfBaseException, YAMLError, ValueError) as error:
        raise ConfigError(f"--set {text}: the value is not valid YAML: {(str(error).splitlines() or [''])[0]}") from error
    assert isinstance(parsed, dict)
    try:
        return key, check_setting(key, parsed["value"])
    except ConfigError as error:
        raise ConfigError(f"--set {text}: {error}") from error


def set_in(config: dict[str, Any], key: str, value: Any) -> None:
    """Set a value of a nested config by its dotted key."""
    *path, leaf = key.split(".")
    for part in path:
        if not isinstance(config.get(part), dict):
            config[part] = {}
        config = config[part]
    config[leaf] = value


def drop_invalid(config: dict[str, Any]) -> list[str]:
    """Remove invalid values from a nested config. Keys that are not in the schema stay.

    A threshold of the gate that refers to one of the alerts is resolved, to the default if the config has no such alert.

    Returns:
        A line for each value that was removed.

    """
    problems = []
    for key in _known():
        *path, leaf = key.split(".")
        node: Any = config
        for part in path:
            node = node.get(part) if isinstance(node, dict) else None
        if isinstance(node, dict) and leaf in node:
            try:
                node[leaf] = check_setting(key, _referred(node[leaf], config))
            except ConfigError as error:
                problems.append(f"{key}={node[leaf]}: {error}; ignored")
                del node[leaf]
    return problems


def _referred(value: Any, config: dict[str, Any]) -> Any:
    reference = ALERT_REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if reference is None:
        return value
    name, alerts = reference[1], config.get("alerts")
    own = alerts.get(name) if isinstance(alerts, dict) else None
    return own if isinstance(own, int | float) else defaults({}).alerts.get(name, value)


def check_setting(key: str, value: Any) -> Any:
    """Validate a single setting.

    Args:
        key: dotted key.
        value: plain value.

    Returns:
        The value, converted to the type of the schema.

    Raises:
        ConfigError: the key is unknown, or the value invalid; the message says what is allowed.

    """
    if key not in _known():
        near = difflib.get_close_matches(key, _known(), n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"write it as in {EXAMPLE}"
        raise ConfigError(f"no such key; {hint}")
    try:
        checked = _known()[key].validate_python(value)
    except ValidationError as error:
        raise ConfigError(what_is_allowed(error.errors(include_url=False)[0])) from None
    return checked


@cache
def _known() -> dict[str, TypeAdapter[Any]]:
    """The type of each known key: the keys of the base classes, and those of TD3."""
    return dict(_leaves(Config, ""))


def _leaves(schema: type[Schema], path: str) -> typing.Iterator[tuple[str, TypeAdapter[Any]]]:
    for name, field in schema.model_fields.items():
        kind = TD3Config if path + name == "algorithm" else field.annotation
        if isinstance(kind, type) and issubclass(kind, Schema):
            yield from _leaves(kind, f"{path}{name}.")
        elif typing.get_origin(kind) is not dict:
            yield f"{path}{name}", TypeAdapter(_annotated(field))


def _annotated(field: FieldInfo) -> Any:
    """The type of a field with its constraints, as declared."""
    annotation: Any = field.annotation
    for limit in field.metadata:
        annotation = typing.Annotated[annotation, limit]
    return annotation
