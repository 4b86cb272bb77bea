"""RPC connections: they answer requests in order, and limit what a client may leave unfinished or unread."""

import asyncio
import logging
import socket

import msgpack

from av_td3.simulator.builtin.arguments import MAX_ITEMS, ArgumentError, Call, declared_calls
from av_td3.simulator.builtin.connections import Connections
from av_td3.simulator.builtin.rpc_handlers import RpcHandlers
from av_td3.simulator.builtin.simulation import Simulation
from av_td3.simulator.builtin.throttled_log import ThrottledLog
from av_td3.simulator.builtin.wire import reply

MAX_REQUEST = 1 << 21  # bytes
REQUEST_TIMEOUT = 5.0  # s from the first to the last byte of a request
MAX_UNREAD_REPLIES = 1 << 20  # bytes; a client with more unread replies gets no further ones until it reads them
CALLS = declared_calls(RpcHandlers)
log = ThrottledLog(logging.getLogger(__name__))


class ProtocolError(Exception):
    """A message that is not msgpack-rpc."""


class RequestBuffer:
    """Splits the bytes that a client sends into requests, each of at most ``MAX_REQUEST`` bytes."""

    def __init__(self) -> None:
        limits = dict.fromkeys(
            ("max_array_len", "max_map_len"), MAX_ITEMS
        )  # msgpack allocates a list of the length that its header claims
        self._unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=2 * MAX_REQUEST, **limits)
        self._received = 0  # bytes
        self._consumed = 0  # of them, in complete requests

    def feed(self, data: bytes) -> None:
        self._unpacker.feed(data)
        self._received += len(data)

    @property
    def unfinished(self) -> int:
        """Bytes received that belong to no complete request."""
        return self._received - self._consumed

    def next(self) -> list[object] | None:
        """The next complete request, or None. Raises ProtocolError and the errors of msgpack."""
        if not self.unfinished:
            return None
        try:
            request = self._unpacker.unpack()
        except msgpack.OutOfData:
            if self.unfinished > MAX_REQUEST:
                raise ProtocolError(f"a request of more than {MAX_REQUEST} bytes") from None
            return None
        if not isinstance(request, list):
            raise ProtocolError("a message that is not a list")
        self._consumed = self._unpacker.tell()
        return request


class RpcConnection(asyncio.Protocol):
    """One client's msgpack-rpc connection: ``[0, id, method, [metadata, arguments...]]`` in, ``[1, id, error, result]`` out."""

    def __init__(self, handlers: RpcHandlers, simulation: Simulation, connections: Connections):
        self._handlers = handlers
        self._simulation = simulation
        self._streams = simulation.streams
        self._connections = connections
        self._requests = RequestBuffer()
        self._write_paused = False  # the client has too many unread replies
        self._pending_tick: asyncio.Task[None] | None = None  # a tick that waits for streams
        self._timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=MAX_UNREAD_REPLIES, low=0)
        self._connections.admit(self, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._streams.remove_client(self)
        self._cancel_timeout()
        if self._pending_tick is not None:
            self._pending_tick.cancel()

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        self._process()

    def data_received(self, data: bytes) -> None:
        """Answer every complete request; invalid data closes the connection."""
        try:
            self._requests.feed(data)
        except msgpack.BufferFull:
            self._drop(f"a request of more than {MAX_REQUEST} bytes")
        else:
            self._process()

    def _process(self) -> None:
        """Answer complete requests in order, until there are none or the client has to wait."""
        try:
            while not (self._write_paused or self._pending_tick or self._transport.is_closing()):
                request = self._requests.next()
                if request is None:
                    break
                self._cancel_timeout()
                self._handle(request)
        except (ProtocolError, ValueError, msgpack.UnpackException) as error:
            self._drop(str(error) or type(error).__name__)
            return
        if self._write_paused or self._pending_tick:
            self._transport.pause_reading()
            return
        self._transport.resume_reading()
        if self._requests.unfinished and self._timeout is None:
            problem = f"a request that is not complete after {REQUEST_TIMEOUT:g} s"
            self._timeout = asyncio.get_running_loop().call_later(REQUEST_TIMEOUT, self._drop, problem)

    def _cancel_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None

    def _drop(self, problem: str) -> None:
        log.warning("protocol", "dropped a client that does not speak CARLA's protocol: %s", problem)
        self._transport.abort()

    def _handle(self, request: list[object]) -> None:
        """Answer a request, ``[0, id, method, parameters]``, or a notification: ``[2, method, parameters]``."""
        msgid = request[1] if len(request) == 4 and request[0] == 0 else None
        *_, method, parameters = request if msgid is not None or (len(request) == 3 and request[0] == 2) else (None, None)
        if not (isinstance(method, str) and isinstance(parameters, list) and parameters):
            raise ProtocolError("a message that is not [0, id, method, [metadata, arguments...]]")
        values = parameters[1:]
        self._connections.mark_active(self)
        ticks = method == "tick_cue" or (method == "apply_batch" and values[1:] == [True])
        if ticks and self._simulation.world.settings.synchronous and self._streams.must_wait(self):
            self._pending_tick = asyncio.ensure_future(self._answer_when_streams_are_ready(msgid, method, values))
        else:
            self._answer(msgid, method, values)

    async def _answer_when_streams_are_ready(self, msgid: object, method: str, values: list[object]) -> None:
        while self._streams.must_wait(self):
            await asyncio.sleep(0.0005)
        self._pending_tick = None
        self._answer(msgid, method, values)
        self._process()

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
        """Error and result of a call. Errors go into the result where it has a field for them: the client shows that text."""
        try:
            arguments = call.read(values)
        except ArgumentError as error:
            problem = f"{call.name}: {error}"
            log.warning(".".join([call.name, *error.path]), "rejected %s", problem)
        else:
            try:
                if call.name == "get_sensor_token" and self._simulation.has_stream(arguments[0]):
                    self._streams.expect_subscriber(self, arguments[0])
                return None, call.function(self._handlers, *arguments)
            except Exception as exception:
                problem = f"{call.name} failed: {exception!r}"
                log.warning(problem, "%s", problem)
        return (problem, None) if call.error_response is None else (None, call.error_response(problem))
