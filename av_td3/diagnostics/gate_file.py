"""Gates as YAML: those of ``conf/gate/``, a run's own, or a file of the user's."""

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.alerts import Gate
from av_td3.config.composition import CONF, CONFIG_NAME
from av_td3.config.errors import ConfigError
from av_td3.config.validation import validated

DEFAULT_GATE = "validation_5k"


def read_gate(name: str, alerts: Mapping[str, Any] | None = None) -> Gate:
    """The gate of ``conf/gate/<name>.yaml``, or of a YAML file of one's own. Raises ConfigError.

    ``alerts``: as in ``gate_from``.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else CONF / "gate" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (CONF / "gate").glob("*.yaml")))
        raise ConfigError(f"gate {name}: no such file {path}; there are {known}, or name a .yaml file")
    try:
        return gate_from(OmegaConf.load(path), alerts)
    except (ConfigError, OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"gate {name}: {' '.join(str(error).split())}") from error


def gate_from(content: Any, alerts: Mapping[str, Any] | None = None) -> Gate:
    """A gate from its thresholds by name, numbers or references such as ``${alerts.max_q}``.

    What ``content`` does not say is that of the default gate. ``alerts`` are a run's own thresholds by name, which references
    are looked up in; the default ones stand in for the rest. Raises ConfigError, and OmegaConf's errors for what is no mapping.
    """
    thresholds = OmegaConf.create(content)
    if not isinstance(thresholds, DictConfig):
        raise ConfigError("must be a mapping of names to numbers")
    config = defaults(alerts or {})
    config.merge_with({"gate": thresholds})
    return validated(config.gate, Gate, "gate.")


def defaults(alerts: Mapping[str, Any]) -> DictConfig:
    """The default sections ``alerts``, with these in their place, and ``gate``, which refers to them."""
    sections = copy.deepcopy(_sections())
    sections.alerts.update(alerts)
    return sections


@cache
def _sections() -> DictConfig:
    alerts = OmegaConf.load(CONF / f"{CONFIG_NAME}.yaml").alerts
    return OmegaConf.create({"alerts": alerts, "gate": OmegaConf.load(CONF / "gate" / f"{DEFAULT_GATE}.yaml")})
