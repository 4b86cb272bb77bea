"""The headless server: accepts clients on loopback, answers their calls, ticks the world."""

import asyncio
import logging
import signal
import socket
import sys
import time

import cv2
import msgpack

from av_td3.simulator.builtin.broadcast import snapshot
from av_td3.simulator.builtin.methods import Methods
from av_td3.simulator.builtin.streams import StreamConnection, Streams
from av_td3.simulator.builtin.wire import reply
from av_td3.simulator.builtin.world import World

HOST = "127.0.0.1"
LARGEST_REQUEST = 1 << 26  # bytes
log = logging.getLogger(__name__)


class RpcConnection(asyncio.Protocol):
    """One client's msgpack-rpc connection: ``[0, id, method, [metadata, arguments...]]`` in, ``[1, id, error, result]`` out."""

    def __init__(self, methods: Methods):
        self._methods = methods
        self._unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=LARGEST_REQUEST)
        self._delayed: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send replies at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete; one that is no request at all ends the connection."""
        try:
            self._unpacker.feed(data)
            for _, msgid, method, parameters in self._unpacker:
                self._take(msgid, method, parameters[1:])
        except (ValueError, TypeError, msgpack.UnpackException) as error:
            log.warning("dropped a client that does not speak CARLA's protocol: %s", error)
            self._transport.close()

    def _take(self, msgid: int, method: str, arguments: list[object]) -> None:
        if method in ("tick_cue", "apply_batch") and self._methods.streams.waiting():
            task = asyncio.ensure_future(self._answer_when_streams_are_up(msgid, method, arguments))
            self._delayed.add(task)
            task.add_done_callback(self._delayed.discard)
        else:
            self._answer(msgid, method, arguments)

    async def _answer_when_streams_are_up(self, msgid: int, method: str, arguments: list[object]) -> None:
        while self._methods.streams.waiting():
            await asyncio.sleep(0.0005)
        self._answer(msgid, method, arguments)

    def _answer(self, msgid: int, method: str, arguments: list[object]) -> None:
        function = None if method.startswith("_") or method == "tick" else getattr(self._methods, method, None)
        error = result = None
        if not callable(function):
            error = f"this server has no function '{method}'"
            log.warning("%s", error)
        else:
            try:
                result = function(*arguments)
            except Exception as exception:
                log.exception("call of %s failed", method)
                error = f"{method}: {exception!r}"
        if not self._transport.is_closing():
            self._transport.write(reply(msgid, error, result))


async def _run_in_real_time(methods: Methods) -> None:
    """Tick by the wall clock while no client has taken over the clock."""
    due = time.monotonic()
    while True:
        settings = methods.world.settings
        if settings.synchronous:
            await asyncio.sleep(0.005)
            due = time.monotonic()
            continue
        methods.tick()
        due = max(due + settings.delta, time.monotonic() - 0.2)
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _until_input_ends() -> None:
    """Return when the process that started the server closes its end of our standard input, as it does by dying."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass


def _listen(port: int) -> socket.socket:
    """A socket that accepts connections on loopback. Raises OSError where the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    listener.listen()
    listener.setblocking(False)
    return listener


async def serve(port: int, town: str, *, stop_with_input: bool) -> None:
    """Serve until SIGTERM or SIGINT, or (``stop_with_input``) until standard input ends.

    ``port`` 0 takes free ports; otherwise streams use ``port + 1`` as CARLA does. The first line on standard output names
    the port once clients can connect. Raises OSError where a port is taken.
    """
    cv2.setNumThreads(1)
    rpc, stream = _listen(port), _listen(port + 1 if port else 0)
    streams = Streams()
    methods = Methods(World(town), streams, stream.getsockname()[1])
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await loop.create_server(lambda: RpcConnection(methods), sock=rpc)
    await loop.create_server(lambda: StreamConnection(streams, lambda: snapshot(methods.world)), sock=stream)

    endings = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(_run_in_real_time(methods))]
    if stop_with_input:
        endings.append(asyncio.ensure_future(_until_input_ends()))
    print(f"ready port={rpc.getsockname()[1]} town={town}", flush=True)
    finished, _ = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    for task in finished:
        task.result()
