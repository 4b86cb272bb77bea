"""Gates as YAML: those of ``conf/gate/``, a run's own, or a file of the user's."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.alerts import Gate
from av_td3.config.composition import CONF
from av_td3.config.errors import ConfigError
from av_td3.config.validation import validated


def read_gate(name: str) -> Gate:
    """The gate of ``conf/gate/<name>.yaml``, or of a YAML file of one's own. Raises ConfigError."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else CONF / "gate" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (CONF / "gate").glob("*.yaml")))
        raise ConfigError(f"gate {name}: no such file {path}; there are {known}, or name a .yaml file")
    try:
        return gate_from(OmegaConf.load(path))
    except (OmegaConfBaseException, YAMLError, ConfigError) as error:
        raise ConfigError(f"gate {name}: {' '.join(str(error).split())}") from error


def gate_from(content: Any) -> Gate:
    """A gate from its numbers by name. Raises ConfigError, and OmegaConf's errors for what is no content of YAML."""
    numbers = OmegaConf.create(content)
    if not isinstance(numbers, DictConfig):
        raise ConfigError("must be a mapping of names to numbers")
    return validated(numbers, Gate, "gate.")
