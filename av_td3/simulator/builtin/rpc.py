"""The RPC connections: requests in, replies out, in order, and bounded in what a client may leave half done or unread."""

import asyncio
import logging
import socket

import msgpack

from av_td3.simulator.builtin.arguments import MAX_ITEMS, ArgumentError, Call, declared_calls
from av_td3.simulator.builtin.connections import Connections
from av_td3.simulator.builtin.methods import Methods
from av_td3.simulator.builtin.simulation import Simulation
from av_td3.simulator.builtin.throttled_log import ThrottledLog
from av_td3.simulator.builtin.wire import reply

MAX_REQUEST = 1 << 21  # bytes
REQUEST_TIMEOUT = 5.0  # s from the first to the last byte of a request
UNREAD_REPLIES = 1 << 20  # bytes of replies that a client has not read, from which on it is not answered
CALLS = declared_calls(Methods)
log = ThrottledLog(logging.getLogger(__name__))


class ProtocolError(Exception):
    """A message that is none of msgpack-rpc's."""


class Requests:
    """Cuts what a client sends into requests. Of one that is not complete no more than ``MAX_REQUEST`` bytes are taken."""

    def __init__(self) -> None:
        limits = dict.fromkeys(("max_array_len", "max_map_len"), MAX_ITEMS)  # lists are as long as their first bytes claim
        self._unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=2 * MAX_REQUEST, **limits)
        self._received = 0  # bytes
        self._taken = 0  # of them, in complete requests

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        self._unpacker.feed(data)
        self._received += len(data)

    @property
    def unfinished(self) -> int:
        """Bytes that are not part of a request that was taken."""
        return self._received - self._taken

    def next(self) -> list[object] | None:
        """The next request, or None where there is no complete one. Raises ProtocolError or what msgpack raises."""
        if not self.unfinished:
            return None
        try:
            request = self._unpacker.unpack()
        except msgpack.OutOfData:
            if self.unfinished > MAX_REQUEST:
                raise ProtocolError(f"a request of more than {MAX_REQUEST} bytes") from None
            return None
        if not isinstance(request, list):
            raise ProtocolError("a message that is no list")
        self._taken = self._unpacker.tell()
        return request


class RpcConnection(asyncio.Protocol):
    """One client's msgpack-rpc connection: ``[0, id, method, [metadata, arguments...]]`` in, ``[1, id, error, result]`` out."""

    def __init__(self, methods: Methods, simulation: Simulation, connections: Connections):
        self._methods = methods
        self._simulation = simulation
        self._streams = simulation.streams
        self._connections = connections
        self._requests = Requests()
        self._unread = False  # too many replies that the client has not read
        self._held: asyncio.Task[None] | None = None  # a tick that waits
        self._timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send replies at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=UNREAD_REPLIES, low=0)
        self._connections.admit(self, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._connections.discard(self)
        self._streams.leave(self)
        self._stop_clock()
        if self._held is not None:
            self._held.cancel()

    def pause_writing(self) -> None:
        """The client does not read its replies: it gets no more until it does."""
        self._unread = True

    def resume_writing(self) -> None:
        """The client has read its replies."""
        self._unread = False
        self._work()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete; one that is no request at all ends the connection."""
        try:
            self._requests.feed(data)
        except msgpack.BufferFull:
            self._drop(f"a request of more than {MAX_REQUEST} bytes")
        else:
            self._work()

    def _work(self) -> None:
        """Answer what has come, one request after the other, until there is none, or the client has to wait."""
        try:
            while not (self._unread or self._held or self._transport.is_closing()):
                request = self._requests.next()
                if request is None:
                    break
                self._stop_clock()
                self._take(request)
        except (ProtocolError, ValueError, msgpack.UnpackException) as error:
            self._drop(str(error) or type(error).__name__)
            return
        if self._unread or self._held:
            self._transport.pause_reading()
            return
        self._transport.resume_reading()
        if self._requests.unfinished and self._timeout is None:
            problem = f"a request that is not complete after {REQUEST_TIMEOUT:g} s"
            self._timeout = asyncio.get_running_loop().call_later(REQUEST_TIMEOUT, self._drop, problem)

    def _stop_clock(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None

    def _drop(self, problem: str) -> None:
        log.warning("protocol", "dropped a client that does not speak CARLA's protocol: %s", problem)
        self._transport.abort()

    def _take(self, request: list[object]) -> None:
        """Answer a request, ``[0, id, method, parameters]``, or a notification: ``[2, method, parameters]``."""
        msgid = request[1] if len(request) == 4 and request[0] == 0 else None
        *_, method, parameters = request if msgid is not None or (len(request) == 3 and request[0] == 2) else (None, None)
        if not (isinstance(method, str) and isinstance(parameters, list) and parameters):
            raise ProtocolError("a message that is not [0, id, method, [metadata, arguments...]]")
        values = parameters[1:]
        self._connections.spoke(self)
        ticks = method == "tick_cue" or (method == "apply_batch" and values[1:] == [True])
        if ticks and self._simulation.world.settings.synchronous and self._streams.hold(self):
            self._held = asyncio.ensure_future(self._answer_when_streams_are_ready(msgid, method, values))
        else:
            self._answer(msgid, method, values)

    async def _answer_when_streams_are_ready(self, msgid: object, method: str, values: list[object]) -> None:
        while self._streams.hold(self):
            await asyncio.sleep(0.0005)
        self._held = None
        self._answer(msgid, method, values)
        self._work()

    def _answer(self, msgid: object, method: str, values: list[object]) -> None:
        call = CALLS.get(method)
        if call is None:
            error: str | None = f"this server has no function '{method[:100]}'"
            result: object = None
            log.warning(method[:100], "%s", error)
        else:
            error, result = self._run(call, values)
        if msgid is not None and not self._transport.is_closing():
            self._transport.write(reply(msgid, error, result))

    def _run(self, call: Call, values: list[object]) -> tuple[str | None, object]:
        """The error and the result of a call. Where the result has a place for errors, they go there: scripts see that text."""
        try:
            arguments = call.read(values)
        except ArgumentError as error:
            problem = f"{call.name}: {error}"
            log.warning(".".join([call.name, *error.path]), "refused %s", problem)
        else:
            try:
                if call.name == "get_sensor_token" and self._simulation.has_stream(arguments[0]):
                    self._streams.expect(self, arguments[0])
                return None, call.function(self._methods, *arguments)
            except Exception as exception:
                problem = f"{call.name} failed: {exception!r}"
                log.warning(problem, "%s", problem)
        return (problem, None) if call.refusal is None else (None, call.refusal(problem))
