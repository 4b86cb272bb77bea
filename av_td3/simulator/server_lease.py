"""A server is driven by one environment at a time: two would tick its world under each other's feet."""

import socket

from filelock import FileLock, Timeout

from av_td3.machine.leases import lease_folder
from av_td3.simulator.errors import SimulatorUnavailable

LOCK_TIMEOUT = 0.2  # s, for a second try where the file was released, and deleted, between opening and locking it


class ServerLease:
    """The right to drive the server at an address, among all processes of this user on this machine.

    It ends with ``release``, or with the process, however that dies, even where a process that it forked lives on.

    Args:
        host: name or address of the server.
        port: its first port.

    Raises:
        SimulatorUnavailable: another environment, of this or of another process, drives the server.

    """

    def __init__(self, host: str, port: int):
        self._path = lease_folder("servers") / f"{_address(host)}-{port}"
        self._lock = FileLock(self._path, LOCK_TIMEOUT, thread_local=False, fallback_to_soft=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise SimulatorUnavailable(
                f"the server at {host}:{port} is driven by another environment; close that one first, or use another port"
            ) from None

    def release(self) -> None:
        """Let others drive; harmless when repeated."""
        if self._lock.is_locked:
            self._path.unlink(missing_ok=True)  # still locked: whoever has opened it finds it deleted, and tries again
            self._lock.release()


def _address(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError:
        return host
