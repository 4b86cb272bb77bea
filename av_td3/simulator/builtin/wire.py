"""Wire formats of CARLA 0.9.16: msgpack replies, packed stream messages, stream tokens.

The layouts are those that the 0.9.16 client library reads; with a wrong length or type number it raises an exception or aborts
its process.
"""

import struct
from typing import Any, NewType

import msgpack

VERSION = "0.9.16"

SENSOR_HEADER = struct.Struct("<QQd6f")  # sensor type, frame, simulation seconds, pose
EPISODE_HEADER = struct.Struct("<Qdf3iI")  # episode, wall clock, delta seconds, map origin, flags
ACTOR_STATE = struct.Struct("<IB6f3f3f3f")  # id, state, pose, velocity, angular velocity (deg/s), acceleration
VEHICLE_STATE = struct.Struct("<3f3BifBBIB24x")  # control, speed limit, traffic light, failure; padded to 54 bytes
OTHER_STATE = b"\0" * 54
IMAGE_HEADER = struct.Struct("<IIf")  # width, height, field of view
MESSAGE_SIZE = struct.Struct("<I")
TOKEN = struct.Struct("<IHBB16x")  # stream id, port, protocol, address kind

EPISODE_STATE_TYPE = 17
MAP_CHANGED = 1
ACTOR_ACTIVE = 1
TRAFFIC_LIGHT_OFF = 3
_TCP = 1
_SAME_HOST = 0  # address kind: the host that the client connected to

Response = list[object]
VoidResponse = NewType("VoidResponse", list[object])  # of a call without a result
DONE = VoidResponse([[False]])


def success(value: object) -> Response:
    """The result of a call."""
    return [[1, value]]


def failure(message: str) -> Response:
    """The error of a call with a result; the client raises it as a RuntimeError."""
    return [[0, [message]]]


def void_failure(message: str) -> VoidResponse:
    """The error of a call without a result."""
    return VoidResponse([[True, [message]]])


def error_of(response: Response) -> str | None:
    """The message of a response that is an error, else None."""
    head: list[Any] = response[0]  # type: ignore[assignment]
    failed = head[0] is True or (head[0] == 0 and head[0] is not False)
    return str(head[1][0]) if failed else None


def stream_token(stream: int, port: int) -> bytes:
    """The token by which a client connects to a stream."""
    return TOKEN.pack(stream, port, _TCP, _SAME_HOST)


def message(*parts: bytes | memoryview) -> bytes:
    """A stream message, prefixed with its length."""
    return b"".join((MESSAGE_SIZE.pack(sum(len(part) for part in parts)), *parts))


def reply(msgid: object, error: str | None, result: object) -> bytes:
    """A msgpack-rpc reply."""
    packed: bytes = msgpack.packb([1, msgid, error, result])
    return packed
