"""Records of the servers that runs have started, so that a later start can end those whose run was killed."""

import json
import logging
import os
import subprocess
import time
import uuid
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from av_td3.machine.leases import lease_folder

TOKEN = "AV_TD3_SERVER"  # environment variable that all processes of a server inherit
log = logging.getLogger(__name__)
PATIENCE = 86_400.0  # s after which a container that cannot be removed is given up
REMOVE_TIMEOUT = 30.0  # s that removing a container may take


class ServerRecord:
    """Marks the processes of one server as this run's, as long as this process lives.

    The mark is a random token in their environment. Its record is a file in a folder of this user on this machine, locked by
    the run: a record that is not locked belongs to a run that has ended or was killed.

    Attributes:
        token: to be set as ``TOKEN`` in the environment of the server.

    """

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex[:16]
        self._path = _folder() / f"{self.token}.json"
        self._lock = _lock(self._path)
        self._lock.acquire()
        self.write([])

    def write(self, remove: list[str]) -> None:
        """Complete the record. ``remove``: the command that removes the server's container; empty without a container."""
        self._remove = remove
        self._path.write_text(json.dumps({"remove": remove, "processes": _namespace()}), encoding="utf-8")

    def close(self) -> None:
        """End what is left of the server, then delete the record. If its container cannot be removed, a later start does it."""
        _kill(self.token)
        if not _remove(self._remove):
            self._lock.release()  # and leave the record to a later start
            return
        self._path.unlink(missing_ok=True)
        Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()


def end_orphans() -> int:
    """End the servers of runs that were killed before they could stop them, and no other process.

    Returns:
        Number of processes that were killed and containers that were removed.

    """
    ended = 0
    for path in _folder().glob("*.json"):
        lock = _lock(path)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue  # its run lives
        try:
            ended += _end(path)
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()
    return ended


def _end(path: Path) -> int:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # the run ended meanwhile, or was killed while it wrote the record
        record = {"remove": [], "processes": _namespace()}
    if record["processes"].split()[0] != _namespace().split()[0]:
        path.unlink(missing_ok=True)  # the machine has been started again since
        return 0
    if record["processes"] != _namespace():
        return 0  # of a container that shares this folder: its processes cannot be seen from here
    killed = _kill(path.stem)
    if not _remove(record["remove"]) and time.time() - path.stat().st_mtime < PATIENCE:
        return killed
    path.unlink(missing_ok=True)
    return killed + bool(record["remove"])


def _kill(token: str) -> int:
    """Kill the processes with this token; returns how many there were."""
    killed = [process for process in psutil.process_iter() if _belongs_to(process, token)]
    for process in killed:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(killed, timeout=5.0)
    return len(killed)


def _belongs_to(process: psutil.Process, token: str) -> bool:
    with suppress(psutil.Error):
        return bool(process.environ().get(TOKEN) == token)
    return False  # of another user, or it has ended


def _remove(command: list[str]) -> bool:
    """Remove a container, if there is one. False where that failed."""
    if not command:
        return True
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=REMOVE_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("%s failed: %s", " ".join(command), error)
        return False
    if done.returncode:
        log.warning("%s failed: %s", " ".join(command), done.stderr.strip())
    return done.returncode == 0 or "No such container" in done.stderr


def _folder() -> Path:
    """The names in it stay the same in all versions: one that looked for other locks would take running servers for orphans."""
    return lease_folder("carla")


def _lock(path: Path) -> FileLock:
    return FileLock(path.with_suffix(".held"), 0.0, thread_local=False, fallback_to_soft=False)


def _namespace() -> str:
    """Identity of the machine's start and of the process namespace: a process id means something only within both."""
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {os.stat('/proc/self/ns/pid').st_ino}"
