import socket
import threading

import msgpack
import pytest

from av_td3.simulator.handshake import read_version


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening, listening.getsockname()[1]


def answer(listening, data):
    def serve():
        connection, _ = listening.accept()
        with connection:
            connection.recv(1000)
            for part in data:
                connection.sendall(part)

    threading.Thread(target=serve, daemon=True).start()


def test_the_version_of_a_server(server_config):
    assert read_version(server_config.host, server_config.port, 2.0) == "0.9.16"


def test_an_answer_in_parts(listener):
    listening, port = listener
    whole = msgpack.packb([1, 0, None, [[1, "0.9.15"]]])
    answer(listening, [whole[:3], whole[3:]])
    assert read_version("127.0.0.1", port, 2.0) == "0.9.15"


def test_nobody_listens(listener):
    listening, port = listener
    listening.close()
    with pytest.raises(ConnectionError):
        read_version("127.0.0.1", port, 2.0)


def test_a_server_that_hangs(listener):
    with pytest.raises(TimeoutError):
        read_version("127.0.0.1", listener[1], 0.3)


@pytest.mark.parametrize("data", [[b"HTTP/1.1 400 Bad Request\r\n"], [msgpack.packb([1, 0, "no such function", None])]])
def test_another_program(listener, data):
    answer(listener[0], data)
    with pytest.raises((ValueError, ConnectionError)):
        read_version("127.0.0.1", listener[1], 2.0)


def test_a_connection_that_closes(listener):
    answer(listener[0], [])
    with pytest.raises(ConnectionError):
        read_version("127.0.0.1", listener[1], 2.0)
