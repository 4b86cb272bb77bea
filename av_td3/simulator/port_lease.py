"""Ports that several runs on one machine do not take from each other."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

FIRST, LAST = 20_000, 29_999  # below the ports that the kernel gives to clients
_leases: list[IO[bytes]] = []  # held as long as this process lives; the kernel ends them with it, however it dies


def lease_port() -> int:
    """A TCP port that nobody listens on and that no other run of this user will be given while this process lives."""
    folder = Path(tempfile.gettempdir()) / f"av_td3-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    ports = list(range(FIRST, LAST + 1))
    random.SystemRandom().shuffle(ports)  # a run's own random numbers stay as they are
    for port in ports:
        lease = (folder / str(port)).open("ab")
        try:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lease.close()
            continue
        if _is_free(port):
            _leases.append(lease)
            return port
        lease.close()
    raise OSError(f"no free port from {FIRST} to {LAST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
