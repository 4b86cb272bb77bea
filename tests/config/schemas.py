"""All schemas of the package, and the types of their fields."""

import importlib
import pkgutil
import typing
from typing import Annotated

import av_td3
from av_td3.config.limits import Interval
from av_td3.config.schema import Schema

PLACES = ("config", "agents", "env", "simulator")  # where options are


def all_schemas():
    """Every class of the package that declares configuration keys."""
    for place in PLACES:
        folder = f"{av_td3.__path__[0]}/{place}"
        for module in pkgutil.iter_modules([folder]):
            importlib.import_module(f"av_td3.{place}.{module.name}")
    found = {kind for kind in _derived(Schema) if kind.__module__.startswith("av_td3.")}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


def _derived(kind):
    for derived in kind.__subclasses__():
        yield derived
        yield from _derived(derived)


def annotation(field):
    """The type of a field with its constraints, as declared."""
    whole = field.annotation
    for limit in field.metadata:
        whole = Annotated[whole, limit]
    return whole


def numbers(kind, limits=()):
    """Each number in a type: int or float, and its Interval or None."""
    if typing.get_origin(kind) is Annotated:
        inner, *more = typing.get_args(kind)
        yield from numbers(inner, (*limits, *more))
    elif typing.get_origin(kind) is typing.Literal:
        return
    elif typing.get_args(kind):
        for part in typing.get_args(kind):
            yield from numbers(part)
    elif kind in (int, float):
        yield kind, next((limit for limit in limits if isinstance(limit, Interval)), None)
