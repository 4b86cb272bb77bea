"""The folder of a run: one process at a time works in it, with one config. What refuses a folder leaves every byte in it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.difference import differences
from av_td3.config.errors import ConfigError
from av_td3.runs.files import write_atomically

CONFIG, OVERRIDES, LOCK, STATUS = "config.yaml", "overrides.yaml", ".lock", "status.json"
BEFORE_A_RUN = {LOCK, STATUS, ".hydra", "launch.log"}  # of a job that is queued, and what Hydra writes when it is told to
KEYS_OF_A_RUN = {"seed", "total_steps", "algorithm"}
NOT_COMPARED = ("resume_with_changes", "hardware.slurm.")  # how to start, not what to do
MAX_LISTED = 5  # keys in a message
LOCK_TIMEOUT = 30.0  # s for a process before this one to die


def check_folder(folder: Path, composed: DictConfig, cwd: str | Path = ".") -> None:
    """Raise ConfigError where a run may not work in this folder: it holds something else, or a run with another config.

    Args:
        folder: of the run; it need not exist.
        composed: the config of the run.
        cwd: the working directory of the launch.

    """
    entries = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not entries and folder.resolve() == Path(cwd).resolve():
        raise ConfigError(f"hydra.run.dir={folder}: the working directory; give the run a folder of its own")
    if CONFIG not in entries:
        if entries - BEFORE_A_RUN:
            raise ConfigError(
                f"hydra.run.dir={folder}: holds other files and no run; choose a new folder, or leave the default"
            )
        return
    stored = _stored(folder / CONFIG)
    if not (entries & {STATUS, LOCK} and stored.keys() >= KEYS_OF_A_RUN):
        raise ConfigError(f"hydra.run.dir={folder}: its {CONFIG} is not that of a run; choose a new folder")
    if not composed.resume_with_changes:
        _check_same(folder, stored, composed)


def _check_same(folder: Path, stored: dict[str, Any], composed: DictConfig) -> None:
    now = OmegaConf.to_container(composed, resolve=True)
    assert isinstance(now, dict)
    found = differences(stored, {str(key): value for key, value in now.items()})
    changed = [change for change in found if not change.key.startswith(NOT_COMPARED)]
    if changed:
        listed = ", ".join(f"{key} was {before}, is {now}" for key, before, now in changed[:MAX_LISTED])
        listed += f", and {len(changed) - MAX_LISTED} more" if len(changed) > MAX_LISTED else ""
        raise ConfigError(
            f"{folder} holds a run with another config: {listed}; choose another folder, or resume_with_changes=true"
        )


@contextmanager
def alone_in(folder: Path, check: Callable[[], None]) -> Iterator[int]:
    """Keep other processes out of a folder while this one lives; gives the open lock.

    ``check`` is called until the lock is held and once more after that; what it raises ends the wait. Raises ConfigError
    where another process stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)  # never a file elsewhere
    try:
        deadline = time.monotonic() + LOCK_TIMEOUT
        while not _locked(lock):
            check()
            if time.monotonic() > deadline:
                owner = os.pread(lock, 200, 0).decode(errors="replace").strip() or "unknown"
                raise ConfigError(f"{folder}: is in use by another process ({owner})")
            time.sleep(0.2)
        check()
        yield lock
    finally:
        os.close(lock)


def is_in_use(folder: Path) -> bool:
    """Whether a process works in the folder now."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _locked(lock)
    finally:
        os.close(lock)


def record(folder: Path, composed: DictConfig, overrides: Sequence[str]) -> None:
    """Write down the config of the run and the overrides behind it. To be called while ``alone_in`` its folder."""
    _write(folder / CONFIG, OmegaConf.to_yaml(composed, resolve=True))
    kept = [text for text in overrides if not text.startswith("resume_with_changes=")]
    _write(folder / OVERRIDES, OmegaConf.to_yaml(OmegaConf.create(kept)))
    if HydraConfig.initialized():
        hydra = HydraConfig.instance().cfg
        assert isinstance(hydra, DictConfig)
        (folder / ".hydra").mkdir(exist_ok=True)  # what Hydra would have written, before this process had the folder to itself
        _write(folder / ".hydra" / "config.yaml", OmegaConf.to_yaml(composed))
        _write(folder / ".hydra" / "hydra.yaml", OmegaConf.to_yaml(hydra))
        _write(folder / ".hydra" / "overrides.yaml", OmegaConf.to_yaml(OmegaConf.create(list(overrides))))


def sign(lock: int) -> None:
    """Write into an open lock who holds it."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"pid {os.getpid()} on {os.uname().nodename}".encode(), 0)


def _write(path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stored(path: Path) -> dict[str, Any]:
    """The config in a folder. It was written resolved, so nothing in it is evaluated."""
    try:
        content = OmegaConf.to_container(OmegaConf.load(path))
    except (OmegaConfBaseException, YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}
