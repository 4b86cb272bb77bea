"""The one-way connections by which clients get snapshots and sensor data."""

import asyncio
import socket
import time
from collections import defaultdict
from collections.abc import Callable

from av_td3.simulator.builtin.wire import MESSAGE_SIZE

EPISODE_STREAM = 1
SUBSCRIBER_GRACE = 1.0  # s that a tick waits for a client that has just asked for a stream


class Streams:
    """Who listens to which stream.

    A client asks for a stream by RPC and connects to it a moment later, while its script goes on and may tick already.
    ``awaited`` holds the streams asked for and not yet connected, so that a tick can wait and no first frame is lost.
    """

    def __init__(self) -> None:
        self._subscribers: dict[int, set[asyncio.Transport]] = defaultdict(set)
        self._awaited: dict[int, float] = {}

    def expect(self, stream: int) -> None:
        """A client has asked for this stream and will connect."""
        self._awaited[stream] = time.monotonic() + SUBSCRIBER_GRACE

    def waiting(self) -> bool:
        """Whether somebody who asked for a stream has not connected yet."""
        if self._awaited:
            now = time.monotonic()
            self._awaited = {stream: deadline for stream, deadline in self._awaited.items() if deadline > now}
        return bool(self._awaited)

    def subscribe(self, stream: int, transport: asyncio.Transport) -> None:
        """A client has connected to a stream."""
        self._subscribers[stream].add(transport)
        self._awaited.pop(stream, None)

    def unsubscribe(self, stream: int, transport: asyncio.Transport) -> None:
        """A client has closed its connection."""
        self._subscribers[stream].discard(transport)

    def forget(self, stream: int) -> None:
        """A stream that ends. Its connections stay open and silent: a client whose stream is closed reconnects for ever."""
        self._subscribers.pop(stream, None)
        self._awaited.pop(stream, None)

    def listened(self, stream: int) -> bool:
        """Whether anybody listens."""
        return bool(self._subscribers.get(stream))

    def publish(self, stream: int, data: bytes) -> None:
        """Send one message to all who listen."""
        for transport in list(self._subscribers.get(stream, ())):
            transport.write(data)


class StreamConnection(asyncio.Protocol):
    """One client's connection to one stream: it sends the stream's number, then only listens.

    ``first_message`` gives a new listener of the episode stream the present state, so that it need not wait for a tick.
    """

    def __init__(self, streams: Streams, first_message: Callable[[], bytes]):
        self._streams = streams
        self._first_message = first_message
        self._buffer = b""
        self._stream: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send small messages at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Take the four bytes that name the stream."""
        if self._stream is not None:
            return
        self._buffer += data
        if len(self._buffer) >= MESSAGE_SIZE.size:
            self._stream = MESSAGE_SIZE.unpack_from(self._buffer)[0]
            self._streams.subscribe(self._stream, self._transport)
            if self._stream == EPISODE_STREAM:
                self._transport.write(self._first_message())

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        if self._stream is not None:
            self._streams.unsubscribe(self._stream, self._transport)
