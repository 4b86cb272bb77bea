"""The one-way connections by which clients get snapshots and sensor data.

A listener that does not keep up misses whole messages, as with CARLA: what it has not read yet is bounded. While the world
waits for a client's ticks, a tick waits for the listeners, so that whoever reads gets every message; but for each of them no
longer than ``LISTENER_GRACE``.
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
SUBSCRIBER_GRACE = 1.0  # s that the ticks of a client wait for the stream that it has just asked for
LISTENER_GRACE = 1.0  # s that ticks wait for a listener that is behind
BACKLOG = 1 << 22  # bytes not yet read with which a listener is behind; it gets nothing until it has read them all


class Streams:
    """Who listens to which stream.

    A client asks for a stream by RPC and connects to it a moment later, while its script goes on and may tick already.
    ``_awaited`` holds who asked for what and has not connected, so that this client's tick can wait and no first message is
    lost.
    """

    def __init__(self) -> None:
        self._listeners: dict[int, set[StreamConnection]] = defaultdict(set)
        self._awaited: dict[tuple[Any, int], float] = {}
        self._behind: dict[StreamConnection, float] = {}  # until when ticks wait for it

    def expect(self, client: object, stream: int) -> None:
        """A client has asked for this stream and will connect."""
        now = time.monotonic()
        if self._awaited.get((client, stream), 0.0) < now:
            self._awaited[client, stream] = now + SUBSCRIBER_GRACE

    def leave(self, client: object) -> None:
        """A client has gone: nothing that it asked for is awaited."""
        self._awaited = {key: until for key, until in self._awaited.items() if key[0] is not client}

    def hold(self, client: object) -> bool:
        """Whether a tick of this client should wait: for a stream that it asked for, or for a listener that is behind."""
        if not self._awaited and not self._behind:
            return False
        now = time.monotonic()
        self._awaited = {key: until for key, until in self._awaited.items() if until > now}
        return any(asked is client for asked, _ in self._awaited) or self._wait_for_listeners(now)

    def _wait_for_listeners(self, now: float) -> bool:
        for listener, until in self._behind.items():
            if until <= now:
                listener.patience = 0.0  # ticks have waited for it in vain; they do so once
        return any(until > now for until in self._behind.values())

    def fall_behind(self, listener: "StreamConnection") -> None:
        """A listener has more to read than is kept for it."""
        self._behind[listener] = time.monotonic() + listener.patience

    def catch_up(self, listener: "StreamConnection") -> None:
        """A listener has read all."""
        self._behind.pop(listener, None)

    def subscribe(self, stream: int, listener: "StreamConnection") -> None:
        """A client has connected to a stream; it counts for the one that has waited longest."""
        self._listeners[stream].add(listener)
        asked = next((key for key in self._awaited if key[1] == stream), None)
        if asked is not None:
            del self._awaited[asked]

    def unsubscribe(self, stream: int, listener: "StreamConnection") -> None:
        """A client has closed its connection."""
        self._behind.pop(listener, None)
        listeners = self._listeners.get(stream, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(stream, None)

    def forget(self, stream: int) -> None:
        """A stream that ends. Its connections stay open and silent: a client whose stream is closed reconnects for ever."""
        for listener in self._listeners.pop(stream, set()):
            self._behind.pop(listener, None)
        self._awaited = {key: until for key, until in self._awaited.items() if key[1] != stream}

    def listened(self, stream: int) -> bool:
        """Whether anybody listens who can take a message."""
        return any(listener not in self._behind for listener in self._listeners.get(stream, ()))

    def publish(self, stream: int, data: bytes) -> None:
        """Send one message to all who listen and are not behind."""
        for listener in list(self._listeners.get(stream, ())):
            if listener not in self._behind:
                listener.send(data)


class StreamConnection(asyncio.Protocol):
    """One client's connection to one stream: it sends the stream's number, then only listens.

    ``first_message`` gives a new listener of the episode stream the present state, so that it need not wait for a tick.
    """

    def __init__(self, streams: Streams, connections: Connections, first_message: Callable[[], bytes]):
        self._streams = streams
        self._connections = connections
        self._first_message = first_message
        self._buffer = b""
        self._stream: int | None = None
        self.patience = LISTENER_GRACE  # s that ticks wait when it falls behind

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send small messages at once, and hear when too much is left to read."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=BACKLOG, low=0)
        self._connections.admit(self, transport)

    def data_received(self, data: bytes) -> None:
        """Take the four bytes that name the stream."""
        if self._stream is not None:
            return
        self._buffer += data[: MESSAGE_SIZE.size]
        if len(self._buffer) >= MESSAGE_SIZE.size:
            self._connections.spoke(self)
            self._stream = MESSAGE_SIZE.unpack_from(self._buffer)[0]
            self._streams.subscribe(self._stream, self)
            if self._stream == EPISODE_STREAM:
                self.send(self._first_message())

    def send(self, data: bytes) -> None:
        """Send a whole message."""
        self._transport.write(data)

    def pause_writing(self) -> None:
        """More is left to read than is kept."""
        self._streams.fall_behind(self)

    def resume_writing(self) -> None:
        """All has been read."""
        self._streams.catch_up(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._connections.discard(self)
        if self._stream is not None:
            self._streams.unsubscribe(self._stream, self)
