"""``.lock``: one process at a time uses the folder of a run."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from av_td3.config.errors import ConfigError

LOCK_FILE = ".lock"
LOCK_TIMEOUT = 30.0  # s to wait for a previous process to exit


@contextmanager
def alone_in(folder: Path, check: Callable[[], None]) -> Iterator[int]:
    """Lock a folder for this process.

    Args:
        folder: is created if needed.
        check: called while waiting and once with the lock held; its exceptions end the wait.

    Yields:
        The file descriptor of the lock.

    Raises:
        ConfigError: another process holds the lock for ``LOCK_TIMEOUT`` seconds.

    """
    folder.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC  # never follow a link to a file elsewhere
    lock = os.open(folder / LOCK_FILE, flags, 0o666)
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


def sign(lock: int) -> None:
    """Write the owner into an open lock."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"pid {os.getpid()} on {os.uname().nodename}".encode(), 0)


def is_in_use(folder: Path) -> bool:
    """Whether a process holds the lock of a folder."""
    try:
        lock = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _locked(lock)
    finally:
        os.close(lock)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
