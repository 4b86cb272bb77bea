"""One-way connections that carry snapshots and sensor data to clients.

A listener that does not keep up misses whole messages, as in CARLA, so that the unread data stays bounded. In synchronous mode
a tick waits for slow listeners, so that a client that reads gets every message, but for each at most ``LISTENER_GRACE``.
"""

import asyncio
import socket
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from av_td3.simulator.builtin.connections import Connections
from av_td3.simulator.builtin.wire import MESSAGE_SIZE

EPISODE_STREAM = 1
SUBSCRIBER_GRACE = 1.0  # s that a client's ticks wait until it has connected to a stream it asked for
LISTENER_GRACE = 1.0  # s that ticks wait for a listener that is behind
MAX_BACKLOG = 1 << 22  # bytes; with more unread data a listener is behind, and gets nothing until it has read it all


class Streams:
    """The listeners of each stream.

    A client asks for a stream by RPC and connects to it a moment later, while its script continues and may already tick.
    ``_awaited`` holds the requests without a connection yet: this client's ticks wait for them, so that it misses no message.
    """

    def __init__(self) -> None:
        self._listeners: dict[int, set[StreamConnection]] = defaultdict(set)
        self._awaited: dict[tuple[Any, int], float] = {}
        self._behind: dict[StreamConnection, float] = {}  # the time until which ticks wait for it

    def expect_subscriber(self, client: object, stream: int) -> None:
        """Note that a client has asked for a stream and will connect to it."""
        now = time.monotonic()
        if self._awaited.get((client, stream), 0.0) < now:
            self._awaited[client, stream] = now + SUBSCRIBER_GRACE

    def remove_client(self, client: object) -> None:
        """Drop the requests of a client that has disconnected."""
        self._awaited = {key: until for key, until in self._awaited.items() if key[0] is not client}

    def must_wait(self, client: object) -> bool:
        """Whether a tick of this client must wait, for a stream that it asked for or for a listener that is behind."""
        if not self._awaited and not self._behind:
            return False
        now = time.monotonic()
        self._awaited = {key: until for key, until in self._awaited.items() if until > now}
        return any(requester is client for requester, _ in self._awaited) or self._wait_for_listeners(now)

    def _wait_for_listeners(self, now: float) -> bool:
        for listener, until in self._behind.items():
            if until <= now:
                listener.grace = 0.0  # ticks have waited for it without success, and do not wait again
        return any(until > now for until in self._behind.values())

    def fall_behind(self, listener: "StreamConnection") -> None:
        """Note that a listener has more unread data than ``MAX_BACKLOG``."""
        self._behind[listener] = time.monotonic() + listener.grace

    def catch_up(self, listener: "StreamConnection") -> None:
        """Note that a listener has read all its data."""
        self._behind.pop(listener, None)

    def subscribe(self, stream: int, listener: "StreamConnection") -> None:
        """Add a listener; it answers the oldest request for this stream."""
        self._listeners[stream].add(listener)
        request = next((key for key in self._awaited if key[1] == stream), None)
        if request is not None:
            del self._awaited[request]

    def unsubscribe(self, stream: int, listener: "StreamConnection") -> None:
        """Remove a listener that has disconnected."""
        self._behind.pop(listener, None)
        listeners = self._listeners.get(stream, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(stream, None)

    def end(self, stream: int) -> None:
        """End a stream. Its connections stay open: a client whose stream is closed would reconnect for ever."""
        for listener in self._listeners.pop(stream, set()):
            self._behind.pop(listener, None)
        self._awaited = {key: until for key, until in self._awaited.items() if key[1] != stream}

    def has_listeners(self, stream: int) -> bool:
        """Whether the stream has a listener that is not behind."""
        return any(listener not in self._behind for listener in self._listeners.get(stream, ()))

    def publish(self, stream: int, data: bytes) -> None:
        """Send a message to all listeners that are not behind."""
        for listener in list(self._listeners.get(stream, ())):
            if listener not in self._behind:
                listener.send(data)


class StreamConnection(asyncio.Protocol):
    """A client's connection to one stream: the client sends the stream's number, then only receives.

    ``first_message`` returns the current state, which a new listener of the episode stream gets without waiting for a tick.
    """

    def __init__(self, streams: Streams, connections: Connections, first_message: Callable[[], bytes]):
        self._streams = streams
        self._connections = connections
        self._first_message = first_message
        self._buffer = b""
        self._stream: int | None = None
        self.grace = LISTENER_GRACE  # s that ticks wait when it falls behind

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=MAX_BACKLOG, low=0)
        self._connections.admit(self, transport)

    def data_received(self, data: bytes) -> None:
        """Read the four bytes that name the stream."""
        if self._stream is not None:
            return
        self._buffer += data[: MESSAGE_SIZE.size]
        if len(self._buffer) >= MESSAGE_SIZE.size:
            self._connections.mark_active(self)
            self._stream = MESSAGE_SIZE.unpack_from(self._buffer)[0]
            self._streams.subscribe(self._stream, self)
            if self._stream == EPISODE_STREAM:
                self.send(self._first_message())

    def send(self, data: bytes) -> None:
        self._transport.write(data)

    def pause_writing(self) -> None:
        self._streams.fall_behind(self)

    def resume_writing(self) -> None:
        self._streams.catch_up(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._stream is not None:
            self._streams.unsubscribe(self._stream, self)
