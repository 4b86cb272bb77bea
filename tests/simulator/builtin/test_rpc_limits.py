"""Clients that speak another protocol, leave requests half sent, or their replies unread."""

import socket
import time

import msgpack

from av_td3.simulator.builtin.rpc import MAX_REQUEST
from tests.simulator.builtin.raw_client import RawClient


def is_dropped(connection, data):
    """Whether the server closes the connection on this data. False where it is silent for as long as the socket waits."""
    try:
        connection.sendall(data)
        return connection.recv(100) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_a_client_that_speaks_another_protocol_is_dropped(own_server):
    port, log = own_server
    endless_list = b"\xdd\xff\xff\xff\xff"
    large_request = b"\xdd" + (10_000).to_bytes(4, "big") + (b"\xda\x03\xe8" + b"x" * 1000) * (MAX_REQUEST // 1000 + 500)
    for message in (
        b"\xc1",
        msgpack.packb(7),
        msgpack.packb([0, "x", 1, []]),
        msgpack.packb([0, 1, "version", 5]),
        endless_list,
        large_request,
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=3.0) as wrong:
            assert is_dropped(wrong, message)
        with RawClient(port) as client:
            assert client.result("version") == "0.9.16"
    (line,) = log.read_text().splitlines()
    assert "dropped a client that does not speak CARLA's protocol" in line


def test_half_a_request_is_not_kept_for_ever(own_server):
    port, log = own_server
    with RawClient(port) as client, socket.create_connection(("127.0.0.1", port), timeout=30.0) as slow:
        slow.settimeout(0.5)
        request = msgpack.packb([0, 1, "version", [[False], "x" * 100]])
        assert any(is_dropped(slow, request[i : i + 1]) for i in range(40))  # two bytes a second
        assert client.result("version") == "0.9.16"
    assert "not complete after 5 s" in log.read_text()


def test_a_client_that_reads_no_replies_does_not_fill_the_memory(own_server, memory_of_server):
    port, _ = own_server
    before = memory_of_server()
    with socket.create_connection(("127.0.0.1", port)) as deaf, RawClient(port) as client:
        deaf.setblocking(False)
        calls = msgpack.packb([0, 1, "get_map_data", [[False]]]) * 5000  # half a gigabyte of replies
        for i in range(0, len(calls), 4096):
            try:
                deaf.send(calls[i : i + 4096])
            except BlockingIOError:
                break
        for _ in range(50):
            assert client.result("version") == "0.9.16"
            time.sleep(0.02)
        assert memory_of_server() - before < 50e6
