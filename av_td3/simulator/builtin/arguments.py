"""Validation of RPC arguments.

A handler declares its arguments by annotations, ``actor_id: ActorId, velocity: Velocity``, which ``Call.of(handler)`` collects.
A type is ``Annotated[type, reader]``. The reader takes the value from the wire and returns the value for the handler, or raises
ArgumentError. All arguments are read before the handler runs, so a rejected call changes nothing.
"""

import inspect
import reprlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_type_hints

from av_td3.simulator.builtin.geometry import Pose
from av_td3.simulator.builtin.wire import Response, VoidResponse, failure, void_failure

FLOAT_MAX = 3.4e38  # what fits the wire's 32-bit floats
MAX_COORDINATE = 1e6  # m
MAX_ANGLE = 1e6  # degrees
MAX_SPEED = 1e4  # m/s
MAX_ANGULAR_SPEED = 3600.0  # deg/s
MAX_FORCE = 1e9  # N, N s, N m
MAX_TEXT = 1000  # characters
MAX_ITEMS = 10_000  # entries of a list

Reader = Callable[[object], Any]


class ArgumentError(ValueError):
    """An argument is invalid. ``path`` locates the invalid value: argument, field, index."""

    def __init__(self, problem: str):
        super().__init__(problem)
        self.problem = problem
        self.path: list[str] = []

    def within(self, name: object) -> "ArgumentError":
        """Prepend the name, under which the enclosing list or call holds the value, to the path."""
        self.path.insert(0, str(name))
        return self

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} {self.problem}".lstrip()


def invalid(allowed: str, value: object) -> ArgumentError:
    """The error for a value that is not ``allowed``."""
    return ArgumentError(f"must be {allowed}, not {reprlib.repr(value)}")


def number(low: float = -FLOAT_MAX, high: float = FLOAT_MAX) -> Reader:
    """A finite number between two bounds."""

    def read(value: object) -> float:
        if (type(value) is float or type(value) is int) and low <= value <= high:  # false for NaN
            return float(value)
        raise invalid(allowed, value)

    allowed = "a finite number" if high == FLOAT_MAX else f"a number from {low:g} to {high:g}"
    return read


def clipped(low: float, high: float) -> Reader:
    """A finite number, clipped to two bounds."""
    finite = number()

    def read(value: object) -> float:
        if type(value) is float and low <= value <= high:
            return value
        return max(low, min(high, float(finite(value))))

    return read


def integer(low: int, high: int) -> Reader:
    """A whole number between two bounds."""

    def read(value: object) -> int:
        if type(value) is int and low <= value <= high:
            return value
        raise invalid(f"a whole number from {low} to {high}", value)

    return read


def flag(value: object) -> bool:
    if value is True or value is False:
        return value
    raise invalid("true or false", value)


def text(value: object) -> str:
    """A string of bounded length."""
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return value
    raise invalid(f"a string of at most {MAX_TEXT} characters", value)


def anything(value: object) -> object:
    """Any value, unchecked: the server does not use it."""
    return value


def record(**fields: Reader) -> Reader:
    """A list with one value for each field, in this order."""
    names, readers = list(fields), list(fields.values())

    def read(value: object) -> list[Any]:
        if not isinstance(value, list) or len(value) != len(readers):
            raise invalid(f"the list [{', '.join(names)}]", value)
        try:
            return [reader(item) for reader, item in zip(readers, value, strict=True)]
        except ArgumentError:
            raise _first_error(names, readers, value) from None

    return read


def _first_error(names: Sequence[str], readers: Sequence[Reader], values: list[object]) -> ArgumentError:
    """The error of the first invalid value."""
    for name, reader, value in zip(names, readers, values, strict=False):
        try:
            reader(value)
        except ArgumentError as error:
            return error.within(name)
    raise AssertionError("all values are valid")


def list_of(reader: Reader) -> Reader:
    """A list of values of one type, at most ``MAX_ITEMS``."""

    def read(value: object) -> list[Any]:
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise invalid(f"a list of at most {MAX_ITEMS} entries", value)
        out: list[Any] = []
        try:
            for item in value:
                out.append(reader(item))
        except ArgumentError as error:
            raise error.within(len(out)) from None
        return out

    return read


def optional(reader: Reader) -> Reader:
    """``[false]``, read as None, or ``[true, value]``."""

    def read(value: object) -> Any:
        if isinstance(value, list) and value[:1] == [False] and len(value) == 1:
            return None
        if isinstance(value, list) and value[:1] == [True] and len(value) == 2:
            return reader(value[1])
        raise invalid("[false] or [true, value]", value)

    return read


def vector(limit: float) -> Reader:
    """A list of three numbers within +-limit."""
    return record(x=number(-limit, limit), y=number(-limit, limit), z=number(-limit, limit))


_angle = number(-MAX_ANGLE, MAX_ANGLE)
_transform = record(location=vector(MAX_COORDINATE), rotation=record(pitch=_angle, yaw=_angle, roll=_angle))


def _pose(value: object) -> Pose:
    location, rotation = _transform(value)
    return [*location, *rotation]


_attribute = record(id=text, type=integer(0, 255), value=text)

Flag = Annotated[bool, flag]
Text = Annotated[str, text]
Number = Annotated[float, number()]
Int32 = Annotated[int, integer(-(2**31), 2**31 - 1)]
UInt8 = Annotated[int, integer(0, 2**8 - 1)]
UInt16 = Annotated[int, integer(0, 2**16 - 1)]
UInt32 = Annotated[int, integer(0, 2**32 - 1)]
ActorId = UInt32
OptionalActorId = Annotated[int | None, optional(integer(0, 2**32 - 1))]
Location = Annotated[list[float], vector(MAX_COORDINATE)]
Direction = Annotated[list[float], vector(MAX_COORDINATE)]
Transform = Annotated[Pose, _pose]
Velocity = Annotated[list[float], vector(MAX_SPEED)]
Force = Annotated[list[float], vector(MAX_FORCE)]
AngularVelocity = Annotated[list[float], vector(MAX_ANGULAR_SPEED)]
Description = Annotated[list[Any], record(uid=integer(0, 2**32 - 1), id=text, attributes=list_of(_attribute))]
Unused = Annotated[object, anything]


@dataclass(frozen=True)
class Call:
    """A handler that clients may call, the readers of its arguments, and the response that carries its errors."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    readers: tuple[Reader, ...]
    required: int
    error_response: Callable[[str], Response] | None  # None: the result has no field for an error

    @classmethod
    def of(cls, function: Callable[..., Any], name: str = "") -> "Call":
        """The call that a method declares by the annotations of its arguments."""
        hints = get_type_hints(function, include_extras=True)
        parameters = list(inspect.signature(function).parameters.values())[1:]
        names = tuple(p.name for p in parameters)
        readers = tuple(get_args(hints[argument])[1] for argument in names)
        required = sum(p.default is inspect.Parameter.empty for p in parameters)
        error_responses: dict[object, Callable[[str], Response]] = {Response: failure, VoidResponse: void_failure}
        return cls(name or function.__name__, function, names, readers, required, error_responses.get(hints["return"]))

    def read(self, values: list[object]) -> list[Any]:
        """Validate the arguments of a call. Raises ArgumentError where a value, or their number, is invalid."""
        if not self.required <= len(values) <= len(self.arguments):
            raise ArgumentError(f"takes {self._counted()} ({', '.join(self.arguments)}), not {len(values)}")
        try:
            return [reader(value) for reader, value in zip(self.readers, values, strict=False)]
        except ArgumentError:
            raise _first_error(self.arguments, self.readers, values) from None

    def _counted(self) -> str:
        maximum = len(self.arguments)
        counted = str(maximum) if maximum == self.required else f"{self.required} to {maximum}"
        return f"{counted} argument{'' if counted == '1' else 's'}"


def declared_calls(cls: type) -> dict[str, Call]:
    """The calls of all public methods of a class, by name."""
    functions = inspect.getmembers(cls, inspect.isfunction)
    return {name: Call.of(function) for name, function in functions if not name.startswith("_")}
