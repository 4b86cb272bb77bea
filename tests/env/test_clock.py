"""The lost notification cannot be forced on the real client, so a fake world sleeps until it is woken in the same way."""

import socket
import threading
import time
from types import SimpleNamespace

import msgpack
import numpy as np
import pytest

from av_td3.env.clock import Clock, wake_traffic_manager
from av_td3.env.traffic import Traffic
from av_td3.env.world import connect, destroy_ours, enable_synchronous_mode, prepare_world
from av_td3.simulator.port_lease import lease_port


class SleepingWorld:
    """Its tick publishes the new frame (or not), then sleeps until woken."""

    def __init__(self, *, publishes=True, asleep_for=5.0):
        self.frame, self.woken = 1, threading.Event()
        self._publishes, self._asleep_for = publishes, asleep_for

    def get_snapshot(self):
        return SimpleNamespace(frame=self.frame)

    def tick(self):
        self.frame += self._publishes
        if not self.woken.wait(self._asleep_for):
            raise RuntimeError("time-out of 5000ms\nwhile waiting")
        return self.frame


@pytest.fixture
def traffic_manager():
    """Answers as the Traffic Manager's own RPC server does, and records the calls."""
    calls = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                _, msgid, method, arguments = msgpack.unpackb(connection.recv(1000))
                calls.append((method, arguments))
                if len(calls) % 2 == 0:
                    for world in worlds:
                        world.woken.set()
                connection.sendall(msgpack.packb([1, msgid, None, None]))

    worlds = []
    threading.Thread(target=serve, daemon=True).start()
    yield SimpleNamespace(port=listener.getsockname()[1], calls=calls, worlds=worlds)
    listener.close()


def test_a_tick_that_hangs_after_its_frame_is_rescued(traffic_manager):
    world, clock = SleepingWorld(), Clock(rescue_after=0.1)
    traffic_manager.worlds.append(world)
    clock.use(world, traffic_manager.port)
    began = time.monotonic()
    assert clock.tick() == 2
    assert 0.1 < time.monotonic() - began < 2.0
    assert traffic_manager.calls == [("set_synchronous_mode", [False]), ("set_synchronous_mode", [True])]
    clock.close()
    assert clock.rescues == 1


def test_a_slow_server_is_not_rescued_and_its_timeout_raised(traffic_manager):
    world, clock = SleepingWorld(publishes=False, asleep_for=0.6), Clock(rescue_after=0.1)
    clock.use(world, traffic_manager.port)
    with pytest.raises(RuntimeError, match="time-out of 5000ms\nwhile waiting"):
        clock.tick()
    assert traffic_manager.calls == []
    clock.close()


def test_the_real_traffic_manager_accepts_the_notification(server_config):
    client, world = connect(server_config)
    world = prepare_world(client, world, "Suburb01", server_config, loaded=True)
    before = world.get_settings()
    enable_synchronous_mode(world, 0.1)
    traffic, clock, points = Traffic(client, lease_port()), Clock(rescue_after=1.0), world.get_map().get_spawn_points()
    traffic.spawn(world, points, 3, points[0], np.random.default_rng(0))
    clock.use(world, traffic.port)
    try:
        clock.tick()
        traffic.start()
        wake_traffic_manager(traffic.port)
        frames = [clock.tick() for _ in range(5)]
        assert frames == list(range(frames[0], frames[0] + 5))
    finally:
        traffic.stop()
        destroy_ours(client, world, set())
        world.apply_settings(before)
        clock.close()
