"""Reads gates from YAML: from ``conf/gate/``, from a run's config, or from a user's file."""

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.alerts import Gate
from av_td3.config.composition import CONFIG_NAME
from av_td3.config.conf_folder import CONF
from av_td3.config.errors import ConfigError
from av_td3.config.validation import validated

DEFAULT_GATE = "validation_5k"


def read_gate(name: str, alerts: Mapping[str, Any] | None = None) -> Gate:
    """Read a gate.

    Args:
        name: of a file in ``conf/gate/``, or the path of a ``.yaml`` file.
        alerts: thresholds of a run's alerts, as in ``gate_from``.

    Raises:
        ConfigError: there is no such file, or it is invalid.

    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else CONF / "gate" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (CONF / "gate").glob("*.yaml")))
        raise ConfigError(f"gate {name}: no such file {path}; available: {known}, or the path of a .yaml file")
    try:
        return gate_from(OmegaConf.load(path), alerts)
    except (ConfigError, OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"gate {name}: {' '.join(str(error).split())}") from error


def gate_from(content: Any, alerts: Mapping[str, Any] | None = None) -> Gate:
    """Validate the thresholds of a gate.

    Args:
        content: thresholds by name, numbers or references such as ``${alerts.max_q}``. The default gate supplies missing ones.
        alerts: thresholds of a run's alerts by name, to resolve references. The defaults supply missing ones.

    Raises:
        ConfigError: a threshold is invalid.
        OmegaConfBaseException: a reference cannot be resolved.

    """
    thresholds = OmegaConf.create(content)
    if not isinstance(thresholds, DictConfig):
        raise ConfigError("must be a mapping of names to numbers")
    config = defaults(alerts or {})
    config.merge_with({"gate": thresholds})
    return validated(config.gate, Gate, "gate.")


def defaults(alerts: Mapping[str, Any]) -> DictConfig:
    """The default sections ``alerts``, updated with these values, and ``gate``, which refers to them."""
    sections = copy.deepcopy(_sections())
    sections.alerts.update(alerts)
    return sections


@cache
def _sections() -> DictConfig:
    alerts = OmegaConf.load(CONF / f"{CONFIG_NAME}.yaml").alerts
    return OmegaConf.create({"alerts": alerts, "gate": OmegaConf.load(CONF / "gate" / f"{DEFAULT_GATE}.yaml")})
