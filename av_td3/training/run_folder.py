"""The folder of a run: one process at a time works in it, with one config. What refuses a folder leaves every byte in it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config import ConfigError
from av_td3.config_difference import differences
from av_td3.files import write_atomically

CONFIG, OVERRIDES, LOCK, STATUS = "config.yaml", "overrides.yaml", ".lock", "status.json"
NOT_COMPARED = ("resume_with_changes", "hardware.slurm.")  # how to start, not what to do
LOCK_TIMEOUT = 30.0  # s for a process before this one to die


def check_folder(folder: Path, composed: DictConfig) -> None:
    """Raise ConfigError where a run may not work in this folder: it holds something else, or a run with another config."""
    if not any((folder / name).exists() for name in (CONFIG, LOCK, STATUS)):
        if folder.resolve() == Path.cwd().resolve():
            raise ConfigError(f"hydra.run.dir={folder}: the working directory; give the run a folder of its own")
        if folder.is_dir() and any(folder.iterdir()):
            raise ConfigError(
                f"hydra.run.dir={folder}: holds other files and no run; choose a new folder, or leave the default"
            )
        return
    stored = folder / CONFIG
    if not stored.is_file() or composed.resume_with_changes:
        return
    changed = [d for d in differences(_plain(_stored(stored)), _plain(composed)) if not d.key.startswith(NOT_COMPARED)]
    if changed:
        listed = ", ".join(f"{key} was {before}, is {now}" for key, before, now in changed)
        raise ConfigError(
            f"{folder} holds a run with another config: {listed}; choose another folder, or resume_with_changes=true"
        )


@contextmanager
def alone_in(folder: Path, check: Callable[[], None]) -> Iterator[None]:
    """Keep other processes out of a folder while this one lives.

    ``check`` is called until the lock is held and once more after that; what it raises ends the wait. Raises ConfigError
    where another process stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        deadline = time.monotonic() + LOCK_TIMEOUT
        while not _locked(lock.fileno()):
            check()
            if time.monotonic() > deadline:
                lock.seek(0)
                raise ConfigError(f"{folder}: another process works there ({lock.read().strip() or 'unknown'})")
            time.sleep(0.2)
        check()
        yield


def take(folder: Path, composed: DictConfig) -> None:
    """Write down who works in the folder, and with which config. To be called while ``alone_in`` it."""
    (folder / LOCK).write_text(f"pid {os.getpid()} on {os.uname().nodename}")
    _write(folder / CONFIG, OmegaConf.to_yaml(composed, resolve=True))
    if HydraConfig.initialized():
        hydra = HydraConfig.instance().cfg
        assert isinstance(hydra, DictConfig)
        overrides = [text for text in hydra.hydra.overrides.task if not text.startswith("resume_with_changes=")]
        _write(folder / OVERRIDES, OmegaConf.to_yaml(OmegaConf.create(overrides)))
        (folder / ".hydra").mkdir(exist_ok=True)  # what Hydra would have written, before this process had the folder to itself
        _write(folder / ".hydra" / "config.yaml", OmegaConf.to_yaml(composed))
        _write(folder / ".hydra" / "hydra.yaml", OmegaConf.to_yaml(hydra))
        _write(folder / ".hydra" / "overrides.yaml", OmegaConf.to_yaml(hydra.hydra.overrides.task))


def _write(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _plain(config: Any) -> dict[str, Any]:
    content = OmegaConf.to_container(config, resolve=True)
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}


def _stored(path: Path) -> Any:
    try:
        return OmegaConf.load(path)
    except (OmegaConfBaseException, YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
