"""The folder of a run: one process at a time works in it, with one config."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config import ConfigError
from av_td3.config_difference import differences

CONFIG = "config.yaml"
TOLD = ("resume_with_changes", "hardware.slurm.")  # how to start, not what to do
PATIENCE = 30.0  # s for a process before this one to die


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder while this one lives. Raises ConfigError where one does not leave."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as lock:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    lock.seek(0)
                    raise ConfigError(f"{folder}: another process works there ({lock.read().strip() or 'unknown'})") from None
                time.sleep(0.2)
        lock.truncate(0)
        lock.write(f"pid {os.getpid()} on {os.uname().nodename}")
        lock.flush()
        yield


def keep_config(composed: DictConfig, folder: Path, *, changes_allowed: bool) -> None:
    """Write the config down. Raises ConfigError where the folder holds a run with another one, unless that is allowed."""
    path = folder / CONFIG
    if path.is_file() and not changes_allowed:
        changed = [change for change in differences(_plain(_stored(path)), _plain(composed)) if not change.key.startswith(TOLD)]
        if changed:
            told = ", ".join(f"{key} was {before}, is {now}" for key, before, now in changed)
            raise ConfigError(
                f"{folder} holds a run with another config: {told}; choose another folder, or resume_with_changes=true"
            )
    path.write_text(OmegaConf.to_yaml(composed, resolve=True))


def _plain(config: Any) -> dict[str, Any]:
    content = OmegaConf.to_container(config, resolve=True)
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}


def _stored(path: Path) -> Any:
    try:
        return OmegaConf.load(path)
    except (OmegaConfBaseException, YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
