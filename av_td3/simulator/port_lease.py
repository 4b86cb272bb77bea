"""Ports that are leased among the runs on a machine, so that no two use the same."""

import errno
import random
import socket

FIRST, LAST = 20_000, 29_999  # below the ports that the kernel gives to clients
_leases: list[socket.socket] = []  # until this process ends, when the kernel releases them


def lease_port() -> int:
    """Lease a free TCP port until this process ends.

    A lease is a name in the kernel's abstract socket namespace (unix(7)). Like ports, that namespace is shared by all users and
    independent of TMPDIR, and it leaves nothing on disk.

    Returns:
        A port on which nothing listens, and which no other process on the machine has leased.

    Raises:
        OSError: no port is free.

    """
    ports = list(range(FIRST, LAST + 1))
    random.SystemRandom().shuffle(ports)  # does not change the run's own random state
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
