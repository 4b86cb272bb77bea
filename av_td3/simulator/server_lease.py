"""Exclusive use of a server by one environment: two would tick the same world."""

import socket

from filelock import FileLock, Timeout

from av_td3.machine.leases import lease_folder
from av_td3.simulator.errors import SimulatorUnavailable

LOCK_TIMEOUT = 0.2  # s, for a second try where the file was deleted by its holder between opening and locking it


class ServerLease:
    """Exclusive use of the server at an address, among all processes of this user on this machine.

    The lease ends with ``release`` or with the process, even if the process is killed or a fork of it lives on.

    Args:
        host: name or address of the server.
        port: RPC port of the server.

    Attributes:
        notes: a file beside the lease, for what the holder needs to know after a holder that was killed.

    Raises:
        SimulatorUnavailable: another environment, of this or of another process, uses the server.

    """

    def __init__(self, host: str, port: int):
        self._path = lease_folder("servers") / f"{_address(host)}-{port}"
        self.notes = self._path.with_name(f"{self._path.name}.json")
        self._lock = FileLock(self._path, LOCK_TIMEOUT, thread_local=False, fallback_to_soft=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise SimulatorUnavailable(
                f"the server at {host}:{port} is used by another environment; close that one first, or use another port"
            ) from None

    def release(self) -> None:
        """Release the server. Calling it again has no effect."""
        if self._lock.is_locked:
            self._path.unlink(
                missing_ok=True
            )  # before the release: a process that has opened it sees that it is deleted, and tries again
            self._lock.release()


def _address(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError:
        return host
