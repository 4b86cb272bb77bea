"""The headless server: it accepts clients, answers their calls and ticks the world."""

import asyncio
import gc
import logging
import signal
import socket
import sys
import time
from functools import partial

import cv2

from av_td3.simulator.builtin.broadcast import snapshot
from av_td3.simulator.builtin.compiled import only_one_compiles
from av_td3.simulator.builtin.connections import MAX_CLIENTS, MAX_LISTENERS, Connections, allow_descriptors
from av_td3.simulator.builtin.rpc import RpcConnection
from av_td3.simulator.builtin.rpc_handlers import RpcHandlers
from av_td3.simulator.builtin.simulation import Simulation
from av_td3.simulator.builtin.streams import StreamConnection, Streams
from av_td3.simulator.builtin.throttled_log import ThrottledLog
from av_td3.simulator.builtin.warm_up import warm_up
from av_td3.simulator.builtin.world import World

LOOPBACK = "127.0.0.1"
log = ThrottledLog(logging.getLogger(__name__))


async def _run_in_real_time(simulation: Simulation) -> None:
    """Tick in real time while the world is in asynchronous mode."""
    due = time.monotonic()
    while True:
        settings = simulation.world.settings
        if settings.synchronous:
            await asyncio.sleep(0.005)
            due = time.monotonic()
            continue
        try:
            simulation.tick()
        except Exception as error:
            log.warning("tick", "a tick failed: %r", error)
        due = max(due + settings.delta, time.monotonic() - 0.2)
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _until_input_ends() -> None:
    """Return at the end of standard input: the process that started the server has closed its end, or died."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError where the port is in use, or the address is not of this machine."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen()
    listener.setblocking(False)
    return listener


async def serve(port: int, town: str, quality: str = "low", *, host: str = LOOPBACK, stop_with_input: bool) -> None:
    """Serve until SIGTERM or SIGINT. Once clients can connect, the first line on standard output names the port.

    Args:
        port: RPC port; streams use ``port + 1``, as in CARLA. 0 chooses free ports.
        town: short name of a town, such as ``Suburb01``.
        quality: of images, "low" or "high".
        host: address of this machine on which to listen. Whoever reaches it can drive: the protocol knows no password.
        stop_with_input: also stop at the end of standard input.

    Raises:
        OSError: a port is in use, or the address is not of this machine.
        KeyError: there is no such town.

    """
    cv2.setNumThreads(1)
    allow_descriptors()
    rpc, stream = _listen(host, port), _listen(host, port + 1 if port else 0)
    streams = Streams()
    with only_one_compiles():
        warm_up(town, quality)
    gc.freeze()  # what is there now stays, and need not be looked at again
    simulation = Simulation(World(town, quality), streams, stream.getsockname()[1])
    handlers = RpcHandlers(simulation)
    clients, listeners = Connections("clients", MAX_CLIENTS), Connections("stream listeners", MAX_LISTENERS)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await loop.create_server(lambda: RpcConnection(handlers, simulation, clients), sock=rpc)
    first_message = partial(snapshot, simulation.world)
    await loop.create_server(lambda: StreamConnection(streams, listeners, first_message), sock=stream)

    endings = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(_run_in_real_time(simulation))]
    if stop_with_input:
        endings.append(asyncio.ensure_future(_until_input_ends()))
    print(f"ready port={rpc.getsockname()[1]} town={town}", flush=True)
    finished, _ = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    for task in finished:
        task.result()
