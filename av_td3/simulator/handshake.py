"""Ask a CARLA server for its version, without the client library, which a dead server can hang."""

import socket
import time

import msgpack

_REQUEST = msgpack.packb([0, 0, "version", [[False]]])  # msgpack-rpc; the first argument says that the caller waits


def read_version(host: str, port: int, timeout: float) -> str:
    """The version of the CARLA server at an address, such as ``0.9.16``.

    Args:
        host: name or address.
        port: RPC port.
        timeout: seconds until the answer must have arrived.

    Raises:
        ConnectionError: nothing listens there, or it closes the connection.
        TimeoutError: it does not answer in time.
        OSError: any other failure of the network.
        ValueError: it answers with something else, so it is no CARLA server.

    """
    deadline = time.monotonic() + timeout
    answer = msgpack.Unpacker(raw=False)
    with socket.create_connection((host, port), timeout=timeout) as connection:
        connection.sendall(_REQUEST)
        while True:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            chunk = connection.recv(4096)
            if not chunk:
                raise ConnectionResetError("it closed the connection")
            answer.feed(chunk)
            for message in answer:
                return _version(message)


def _version(message: object) -> str:
    match message:
        case [1, 0, None, [[1, str(version)]]]:
            return version
    raise ValueError("the answer is not that of a CARLA server")
