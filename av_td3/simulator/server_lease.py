"""A server is driven by one environment at a time: two would tick its world under each other's feet."""

import fcntl
import os
import socket

from av_td3.machine.leases import lease_folder
from av_td3.runs.errors import SimulatorUnavailable


class ServerLease:
    """The right to drive the server at an address, among all processes of this user on this machine.

    It ends with ``release``, or with the process, however that dies. Raises SimulatorUnavailable where somebody has it.
    """

    def __init__(self, host: str, port: int):
        self._path = lease_folder("servers") / f"{_address(host)}-{port}"
        while True:
            self._file = self._path.open("ab")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.close()
                raise SimulatorUnavailable(
                    f"the server at {host}:{port} is driven by another environment; close that one first, or use another port"
                ) from None
            if self._is_in_its_place():
                return
            self._file.close()  # somebody released it between our opening and our lock

    def _is_in_its_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let others drive; harmless when repeated."""
        if not self._file.closed:
            self._path.unlink(missing_ok=True)
            fcntl.flock(self._file, fcntl.LOCK_UN)  # a forked process may hold the file open
            self._file.close()


def _address(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError:
        return host
