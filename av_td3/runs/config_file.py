"""The config of a run: ``config.yaml`` (resolved), ``overrides.yaml`` and Hydra's files in ``.hydra/``."""

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.errors import ConfigError
from av_td3.config.override_text import quoted
from av_td3.runs.files import check_is_file, reason, write_atomically

CONFIG_FILE = "config.yaml"
OVERRIDES_FILE = "overrides.yaml"  # resume=DIR composes the config from it
HYDRA_FOLDER = ".hydra"
HYDRA_OVERRIDES = f"{HYDRA_FOLDER}/{OVERRIDES_FILE}"  # of a job that has started


def write_config(folder: Path, composed: DictConfig, overrides: Sequence[str]) -> None:
    """Write the config of a run and its overrides. The caller must hold the lock of the folder, ``alone_in``.

    ``init_from`` is written as an absolute path, so that the run can be resumed from another working directory.

    Args:
        folder: of the run.
        composed: the config.
        overrides: that the config was composed from.

    """
    kept = [text for text in overrides if not text.lstrip("+").startswith("resume_with_changes=")]
    written = copy.deepcopy(composed)
    if written.get("init_from") is not None:
        absolute = str(Path(str(written.init_from)).absolute())
        OmegaConf.update(written, "init_from", absolute)
        kept = [f"init_from={quoted(absolute)}" if text.lstrip("+").startswith("init_from=") else text for text in kept]
    _write(folder / CONFIG_FILE, OmegaConf.to_yaml(written, resolve=True))
    _write(folder / OVERRIDES_FILE, _as_list(kept))
    if HydraConfig.initialized():
        hydra = HydraConfig.instance().cfg
        assert isinstance(hydra, DictConfig)
        # Hydra would have written these before this process had locked the folder.
        (folder / HYDRA_FOLDER).mkdir(exist_ok=True)
        _write(folder / HYDRA_FOLDER / "config.yaml", OmegaConf.to_yaml(composed))
        _write(folder / HYDRA_FOLDER / "hydra.yaml", OmegaConf.to_yaml(hydra))
        _write(folder / HYDRA_OVERRIDES, _as_list(overrides))


def read_config(folder: Path, problems: list[str]) -> dict[str, Any]:
    """Read the config of any folder.

    Args:
        folder: of a run, also of another program.
        problems: gets a line if the file cannot be read.

    Returns:
        The config, nested as in ``conf/``; empty if there is none.

    """
    path = folder / CONFIG_FILE
    if not os.path.lexists(path):
        return {}
    try:
        check_is_file(path)
        content = OmegaConf.to_container(OmegaConf.load(path))
    except OmegaConfBaseException as error:
        problems.append(f"{path.name} cannot be read: " + " ".join(str(error).partition("\n")[0].split()))
        return {}
    except (YAMLError, ValueError, RecursionError, OSError) as error:
        problems.append(f"{path.name} cannot be read: {reason(error)}")
        return {}
    if not isinstance(content, dict):
        problems.append(f"{path.name} cannot be read: not a mapping of names to values")
        return {}
    return {str(key): value for key, value in content.items()}


def config_to_resume(folder: Path) -> dict[str, Any]:
    """Read the config of a run; empty if the file is not a mapping.

    It was written resolved, so no interpolation is evaluated. Raises ConfigError if it cannot be read.
    """
    content = _content(folder / CONFIG_FILE)
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}


def overrides_to_resume(folder: Path) -> list[str]:
    """Read the overrides of a run. Raises ConfigError if they cannot be read."""
    path = folder / OVERRIDES_FILE
    content = _content(path)
    if not isinstance(content, list) or not all(isinstance(text, str) for text in content):
        raise ConfigError(f"{path}: must be a list of overrides such as seed=1")
    return [str(text) for text in content]


def hydra_overrides(folder: Path) -> list[Any] | None:
    """Read the overrides that Hydra recorded when a job started; None if they cannot be read."""
    try:
        content = OmegaConf.to_container(OmegaConf.load(folder / HYDRA_OVERRIDES))
    except (OmegaConfBaseException, YAMLError, OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, list) else []


def _content(path: Path) -> Any:
    try:
        return OmegaConf.to_container(OmegaConf.load(path))
    except (OmegaConfBaseException, YAMLError, UnicodeDecodeError, OSError) as error:  # OSError: a single number or text
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error


def _as_list(overrides: Sequence[str]) -> str:
    return OmegaConf.to_yaml(OmegaConf.create(list(overrides)))


def _write(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))
