"""How many connections the server keeps, so that no client can use up its file descriptors."""

import asyncio
import logging
import resource

from av_td3.simulator.builtin.throttled_log import ThrottledLog

MAX_CLIENTS = 128  # RPC connections: one per carla.Client
MAX_LISTENERS = 512  # stream connections: one per client, and one per sensor that it listens to
DESCRIPTORS = 1024  # for both, for those that are just being closed, and for the server's own files
log = ThrottledLog(logging.getLogger(__name__))


class Connections:
    """The open connections of one kind. Where there are too many, one that never said anything has to go."""

    def __init__(self, kind: str, most: int):
        self._kind = kind
        self._most = most
        self._silent: dict[asyncio.Protocol, asyncio.Transport] = {}  # oldest first
        self._known: set[asyncio.Protocol] = set()

    def admit(self, protocol: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """Count a new connection; where there is no place, close the oldest silent one, which may be itself."""
        self._silent[protocol] = transport
        if len(self._silent) + len(self._known) > self._most:
            oldest = next(iter(self._silent))
            refused = oldest is protocol
            what = "refused another" if refused else "closed the oldest that had said nothing"
            log.warning(self._kind, "%d %s: %s", self._most, self._kind, what)
            self._silent.pop(oldest).abort()

    def spoke(self, protocol: asyncio.Protocol) -> None:
        """A connection has made itself known by a message."""
        if self._silent.pop(protocol, None) is not None:
            self._known.add(protocol)

    def discard(self, protocol: asyncio.Protocol) -> None:
        """A connection has ended."""
        self._silent.pop(protocol, None)
        self._known.discard(protocol)


def allow_descriptors() -> None:
    """Raise the limit on open files to what the connections need, as far as this process may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < DESCRIPTORS:
        wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
