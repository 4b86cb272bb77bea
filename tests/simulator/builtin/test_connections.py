import socket
import struct
import time

from av_td3.simulator.builtin.connections import MAX_CLIENTS, MAX_LISTENERS
from tests.simulator.builtin.raw_client import RawClient, read_message


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20.0)


def is_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_idle_connections_give_way_to_clients(own_server):
    port, log = own_server
    with RawClient(port) as client:
        client.result("version")
        (_, stream_port, _, _) = struct.unpack("<IHBB16x", client.result("get_sensor_token", 1)[0])
        idle = [connect(port) for _ in range(MAX_CLIENTS + 300)]
        idle += [connect(stream_port) for _ in range(MAX_LISTENERS + 300)]
        with RawClient(port) as newcomer:
            assert newcomer.result("version") == "0.9.16"
            assert read_message(newcomer.listen(1))
        assert client.result("version") == "0.9.16"
    for connection in idle:
        connection.close()
    lines = log.read_text().splitlines()
    assert 2 <= len(lines) <= 10
    assert all("closed the oldest idle one" in line for line in lines)


def test_one_client_too_many_is_refused_until_another_disconnects(own_server):
    port, log = own_server
    clients = [RawClient(port) for _ in range(MAX_CLIENTS)]
    for client in clients:
        assert client.result("version") == "0.9.16"
    with connect(port) as refused:
        assert is_closed(refused)
    assert f"{MAX_CLIENTS} clients: refused another" in log.read_text()
    clients.pop().socket.close()
    deadline = time.monotonic() + 10.0
    while True:
        try:
            with RawClient(port) as client:
                assert client.result("version") == "0.9.16"
            break
        except ConnectionError:
            assert time.monotonic() < deadline
    for client in clients:
        client.socket.close()
