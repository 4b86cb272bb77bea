"""Ports that are leased among the runs on a machine, so that no two use the same."""

import errno
import os
import random
import socket

FIRST, LAST = 20_000, 29_999  # below the ports that the kernel gives to clients
SERVER_PORTS = 4  # that a CARLA server gets: RPC, streaming, secondary servers, and one that stays free
# By process, because a fork has a copy, and port; until the process ends, when the kernel releases them.
_leases: dict[tuple[int, int], socket.socket] = {}


def lease_port() -> int:
    """Lease a free TCP port until this process ends.

    A lease is a name in the kernel's abstract socket namespace (unix(7)). Like ports, that namespace is shared by all users and
    independent of TMPDIR, and it leaves nothing on disk.

    Returns:
        A port on which nothing listens, and which no other process on the machine has leased.

    Raises:
        OSError: no port is free.

    """
    return lease_ports(1)


def lease_ports(count: int) -> int:
    """Lease ``count`` consecutive TCP ports until this process ends; returns the first. Raises OSError where none are free."""
    starts = list(range(FIRST, LAST + 2 - count, count))
    random.SystemRandom().shuffle(starts)  # does not change the run's own random state
    for first in starts:
        if not any(map(_is_leased, range(first, first + count))) and lease_these_ports(first, count) is None:
            return first
    raise OSError(f"no {count} free ports from {FIRST} to {LAST}" if count > 1 else f"no free port from {FIRST} to {LAST}")


def lease_these_ports(first: int, count: int) -> int | None:
    """Lease ``count`` ports from ``first`` on until this process ends. Those that it has leased already are used again.

    Returns:
        None if they are leased, else the first port that is in use or leased by another process; then none is leased.

    """
    taken: dict[int, socket.socket] = {}
    for port in range(first, first + count):
        if not _is_leased(port):
            taken[port] = socket.socket(socket.AF_UNIX)
        if (port in taken and not _take(taken[port], port)) or not is_free(port):
            for lease in taken.values():
                lease.close()
            return port
    _leases.update({(os.getpid(), port): lease for port, lease in taken.items()})
    return None


def _is_leased(port: int) -> bool:
    """Whether this process has leased a port."""
    return (os.getpid(), port) in _leases


def _take(lease: socket.socket, port: int) -> bool:
    try:
        lease.bind(f"\0av_td3-port-{port}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do; connections that have ended do not count
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
