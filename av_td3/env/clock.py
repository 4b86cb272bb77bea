"""Tick the world, and rescue ticks that hang in the client's Traffic Manager.

In CARLA 0.9.16 ``world.tick()`` can deadlock: the ticking thread notifies the Traffic Manager's thread just before that thread
starts to wait, so the notification is lost and both wait for ever (carla-simulator/carla issue 9172; fixed after 0.9.16 by pull
request 9344). No timeout applies, and calls on the Traffic Manager object block on a lock that the tick holds. The Traffic
Manager's own RPC server does not: turning its synchronous mode off sends the notification again, and turning it on at once
keeps the order of the steps.
"""

import socket
import threading
import time
from typing import Any

import msgpack

POLL_INTERVAL = 0.05  # s between checks of the tick in progress


class Clock:
    """Ticks a world, and rescues a tick that hangs in the Traffic Manager.

    Args:
        rescue_after: seconds that a tick may take before it is rescued, once its frame has arrived.

    """

    def __init__(self, rescue_after: float):
        self._rescue_after = rescue_after
        self._world: Any = None
        self._traffic_manager_port: int | None = None
        self._tick: tuple[float, int] | None = None  # when the tick in progress began, and the frame before it
        self._closed = threading.Event()
        self.rescues = 0
        self._watchdog = threading.Thread(target=self._watch, name="tick-watchdog", daemon=True)
        self._watchdog.start()

    def use(self, world: Any, traffic_manager_port: int | None) -> None:
        """Choose the world to tick, and the port of the Traffic Manager in synchronous mode with it, or None."""
        self._world = world
        self._traffic_manager_port = traffic_manager_port

    def tick(self) -> int:
        """Advance the world by one step; returns the number of the new frame. Raises the client's errors."""
        self._tick = (time.monotonic(), self._world.get_snapshot().frame)
        try:
            return int(self._world.tick())
        finally:
            self._tick = None

    def close(self) -> None:
        self._closed.set()
        self._watchdog.join()

    def _watch(self) -> None:
        while not self._closed.wait(POLL_INTERVAL):
            tick, port = self._tick, self._traffic_manager_port
            if tick is None or port is None or time.monotonic() - tick[0] < self._rescue_after:
                continue
            # A tick hangs in the Traffic Manager only after its frame has arrived; before, the server is slow.
            if self._world.get_snapshot().frame > tick[1] and self._tick is tick:
                wake_traffic_manager(port)
                self.rescues += 1
                self._closed.wait(self._rescue_after)


def wake_traffic_manager(port: int) -> None:
    """Repeat a lost notification through the Traffic Manager's own RPC server on loopback."""
    for synchronous in (False, True):
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as connection:
            connection.sendall(msgpack.packb([0, 1, "set_synchronous_mode", [synchronous]]))
            connection.recv(4096)
