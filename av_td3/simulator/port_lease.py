"""Ports that several runs on one machine do not take from each other."""

import errno
import random
import socket

FIRST, LAST = 20_000, 29_999  # below the ports that the kernel gives to clients
_leases: list[socket.socket] = []  # held as long as this process lives; the kernel ends them with it, however it dies


def lease_port() -> int:
    """A TCP port that nobody listens on and that no other run will be given while this process lives.

    A lease is a name in the kernel's abstract namespace of sockets (unix(7)). That namespace is as wide as the ports
    themselves, whoever the user is and whatever TMPDIR says, and nothing of it is left on disk. Raises OSError.
    """
    ports = list(range(FIRST, LAST + 1))
    random.SystemRandom().shuffle(ports)  # a run's own random numbers stay as they are
    for port in ports:
        lease = socket.socket(socket.AF_UNIX)
        if _take(lease, port) and _is_free(port):
            _leases.append(lease)
            return port
        lease.close()
    raise OSError(f"no free port from {FIRST} to {LAST}")


def _take(lease: socket.socket, port: int) -> bool:
    try:
        lease.bind(f"\0av_td3-port-{port}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
