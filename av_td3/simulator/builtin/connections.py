"""Limits on open connections, so that no client can exhaust the server's file descriptors."""

import asyncio
import logging
import resource

from av_td3.simulator.builtin.throttled_log import ThrottledLog

MAX_CLIENTS = 128  # RPC connections: one per carla.Client
MAX_LISTENERS = 512  # stream connections: one per client, and one per sensor that it listens to
DESCRIPTORS = 1024  # for both, for those that are just being closed, and for the server's own files
log = ThrottledLog(logging.getLogger(__name__))


class Connections:
    """The open connections of one kind. Above the limit, the oldest that has never sent a message is closed."""

    def __init__(self, kind: str, limit: int):
        self._kind = kind
        self._limit = limit
        self._idle: dict[asyncio.Protocol, asyncio.Transport] = {}  # oldest first
        self._active: set[asyncio.Protocol] = set()

    def admit(self, protocol: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """Add a new connection; above the limit, close the oldest idle one, which may be the new one itself."""
        self._idle[protocol] = transport
        if len(self._idle) + len(self._active) > self._limit:
            oldest = next(iter(self._idle))
            refused = oldest is protocol
            what = "refused another" if refused else "closed the oldest idle one"
            log.warning(self._kind, "%d %s: %s", self._limit, self._kind, what)
            self._idle.pop(oldest).abort()

    def mark_active(self, protocol: asyncio.Protocol) -> None:
        """Note that a connection has sent a message."""
        if self._idle.pop(protocol, None) is not None:
            self._active.add(protocol)

    def discard(self, protocol: asyncio.Protocol) -> None:
        """Remove a closed connection."""
        self._idle.pop(protocol, None)
        self._active.discard(protocol)


def allow_descriptors() -> None:
    """Raise the limit on open files to what the connections need, as far as this process may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < DESCRIPTORS:
        raised = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
