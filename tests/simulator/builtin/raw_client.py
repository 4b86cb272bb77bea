"""An RPC client without the carla library, which can send anything."""

import socket
import struct

import msgpack


class RawClient:
    """One RPC connection to a server on loopback."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20.0)
        self._unpacker = msgpack.Unpacker(raw=False)
        self._id = 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()

    def send(self, method, *arguments, one_way=False):
        """Send a call without waiting."""
        self._id += 1
        self.socket.sendall(msgpack.packb([0, self._id, method, [[one_way], *arguments]]))
        return self._id

    def receive(self):
        """The next reply, ``[1, id, error, result]``."""
        while True:
            for reply in self._unpacker:
                return reply
            data = self.socket.recv(1 << 16)
            if not data:
                raise ConnectionError("closed by the server")
            self._unpacker.feed(data)

    def reply(self, method, *arguments):
        """The reply to a call."""
        sent = self.send(method, *arguments)
        reply = self.receive()
        assert reply[:2] == [1, sent]
        return reply

    def result(self, method, *arguments):
        """The value that a call returns."""
        _, _, error, ((tag, value),) = self.reply(method, *arguments)
        assert (error, tag) == (None, 1), (error, value)
        return value

    def error(self, method, *arguments):
        """The error message of a call, or None."""
        _, _, error, result = self.reply(method, *arguments)
        if error is not None:
            return error
        head = result[0]
        return head[1][0] if head[0] is True or (head[0] == 0 and head[0] is not False) else None

    def spawn(self, type_id, pose, attributes=(), parent=0):
        """Spawn an actor; returns its id and its stream."""
        description = [0, type_id, [[name, 4, value] for name, value in attributes]]
        record = self.result("spawn_actor_with_parent", description, [pose[:3], pose[3:]], parent, 0, "")
        return record[0], struct.unpack_from("<I", record[5])[0] if record[5] else 0

    def synchronous(self, delta=0.05, substepping=True):
        """Switch to synchronous mode."""
        settings = [True, False, [True, delta], substepping, 0.01, 10, 0.0, False, 3000.0, 2000.0, True]
        return self.result("set_episode_settings", settings)

    def listen(self, stream):
        """A connection to a stream, as CARLA's client opens it."""
        _, port, _, _ = struct.unpack("<IHBB16x", self.result("get_sensor_token", stream)[0])
        listener = socket.create_connection(("127.0.0.1", port), timeout=20.0)
        listener.sendall(struct.pack("<I", stream))
        return listener


def read_message(listener):
    """The next message of a stream."""
    (size,) = struct.unpack("<I", _read(listener, 4))
    return _read(listener, size)


def frame_of(message):
    """The frame to which a message belongs."""
    return struct.unpack_from("<Q", message, 8)[0]


def _read(listener, size):
    parts = bytearray()
    while len(parts) < size:
        data = listener.recv(min(1 << 20, size - len(parts)))
        if not data:
            raise ConnectionError("closed by the server")
        parts += data
    return bytes(parts)
