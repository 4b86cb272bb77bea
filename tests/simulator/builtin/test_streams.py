"""Listeners that read, that read slowly, that never read, and clients that never connect to the stream they asked for."""

import threading
import time

import pytest

from av_td3.simulator.builtin import streams
from av_td3.simulator.builtin.connections import Connections
from tests.simulator.builtin.raw_client import RawClient, frame_of, read_message

POSE = [-900.0, -900.0, 1.6, 0.0, 0.0, 0.0]
FRAME_BYTES = 48 + 12 + 800 * 600 * 4
MEMORY = 60e6  # bytes that the server may need for a few frames and its own work


def camera(client):
    return client.spawn("sensor.camera.rgb", POSE)[1]  # 800x600


class Reader(threading.Thread):
    """Reads messages until the connection is closed; ``pause`` seconds after every ``chunk`` bytes."""

    def __init__(self, listener, chunk=1 << 20, pause=0.0):
        super().__init__(daemon=True)
        self._listener, self._chunk, self._pause = listener, chunk, pause
        self.received = bytearray()
        self.start()

    def run(self):
        while data := self._listener.recv(self._chunk):
            self.received += data
            time.sleep(self._pause)

    def frames(self):
        """The frames of all whole messages; fails where what was read is no sequence of whole messages."""
        out, at = [], 0
        while at + 4 <= len(self.received):
            size = int.from_bytes(self.received[at : at + 4], "little")
            assert size == FRAME_BYTES
            if at + 4 + size > len(self.received):
                break
            out.append(frame_of(self.received[at + 4 : at + 4 + 48]))
            at += 4 + size
        return out


def test_in_synchronous_mode_who_reads_gets_every_frame_and_who_does_not_holds_up_nobody(own_server, memory_of_server):
    port, _ = own_server
    with RawClient(port) as client:
        client.synchronous()
        stream = camera(client)
        never = client.listen(stream)
        normal = Reader(client.listen(stream), pause=0.002)
        slow = Reader(client.listen(stream), chunk=1 << 16, pause=0.02)  # 3 MB/s
        client.result("tick_cue")
        before, began, ticked = memory_of_server(), time.monotonic(), []
        for _ in range(150):
            ticked.append(client.result("tick_cue"))
        seconds = time.monotonic() - began
        deadline = time.monotonic() + 20.0
        while normal.frames()[-1] < ticked[-1] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert normal.frames()[-150:] == ticked
        assert 0 < len(slow.frames()) < 150
        assert slow.frames() == sorted(set(slow.frames()))
        assert memory_of_server() - before < MEMORY
        assert seconds < 40.0  # at the pace of the slow one it would take 100 s, and for ever at that of the other
        never.close()


def test_in_real_time_a_listener_that_never_reads_does_not_fill_the_memory(own_server, memory_of_server):
    port, _ = own_server
    with RawClient(port) as client:
        settings = client.result("get_episode_settings")
        client.result("set_episode_settings", [*settings[:2], [True, 0.01], *settings[3:]])
        stream = camera(client)
        never, normal = client.listen(stream), client.listen(stream)
        first = frame_of(read_message(normal))
        before = memory_of_server()
        while frame_of(read_message(normal)) < first + 150:  # 290 MB
            pass
        assert memory_of_server() - before < MEMORY
        never.close()


def test_a_client_that_asks_for_streams_and_never_connects_holds_up_no_other(shared_server):
    with RawClient(shared_server) as client, RawClient(shared_server) as asker:
        client.synchronous()
        streams = [camera(client) for _ in range(30)]
        began = time.monotonic()
        for stream in streams:
            asker.result("get_sensor_token", stream)
            asker.result("get_sensor_token", 1)
            client.result("tick_cue")
        assert time.monotonic() - began < 0.5 * len(streams)  # each would have cost a second


def test_the_ticks_of_a_client_wait_for_the_stream_that_it_asked_for_but_not_for_ever(shared_server):
    with RawClient(shared_server) as client:
        client.synchronous()
        stream = camera(client)
        client.result("get_sensor_token", stream)
        began = time.monotonic()
        client.result("tick_cue")
        assert 0.5 < time.monotonic() - began < 10.0
        client.send("get_sensor_token", 123456)  # there is no such stream to wait for
        client.receive()
        began = time.monotonic()
        client.result("tick_cue")
        assert time.monotonic() - began < 0.5
        listener = client.listen(stream)
        frame = client.result("tick_cue")  # waits until the server has seen the connection
        assert frame_of(read_message(listener)) == frame
        listener.close()


@pytest.mark.parametrize("destroyed", [False, True])
def test_a_listener_of_a_stream_that_ended_is_left_open_and_silent(shared_server, destroyed):
    with RawClient(shared_server) as client:
        client.synchronous()
        actor, stream = client.spawn("sensor.other.imu", POSE)
        listener = client.listen(stream)
        client.result("tick_cue")
        read_message(listener)
        if destroyed:
            client.result("destroy_actor", actor)
        else:
            assert client.error("load_new_episode", "", False) is None
        client.result("tick_cue")
        listener.settimeout(0.3)
        with pytest.raises(TimeoutError):
            listener.recv(1)


def test_ticks_wait_in_vain_for_a_listener_only_once(monkeypatch):
    now = 100.0
    monkeypatch.setattr(streams.time, "monotonic", lambda: now)
    listeners = streams.Streams()
    listener = streams.StreamConnection(listeners, Connections("listeners", 10), bytes)
    listeners.subscribe(5, listener)
    listeners.fall_behind(listener)
    assert listeners.must_wait("client")
    assert not listeners.has_listeners(5)
    listeners.catch_up(listener)
    assert not listeners.must_wait("client")
    listeners.fall_behind(listener)
    assert listeners.must_wait("client")  # it has caught up in time before, and may again
    now += 1.5
    assert not listeners.must_wait("client")
    listeners.catch_up(listener)
    assert listeners.has_listeners(5)
    listeners.fall_behind(listener)
    assert not listeners.must_wait("client")
