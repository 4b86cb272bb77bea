"""The base class of all configuration schemas, and fields whose class the configuration names.

A class derived from Schema declares the keys of one section. The defaults are in YAML; a schema has none. A field that accepts
user-defined classes is ``Annotated[Base, ByTarget()]``, and the configuration names the class with ``_target_``.
"""

import importlib
import inspect
import re
from collections.abc import Mapping
from typing import Any

import hydra.utils
from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, SerializationInfo, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

TARGET = "_target_"
CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)  # package.module.Class


class Schema(BaseModel):
    """A section of the configuration. Its fields are the keys; unknown keys are errors. Objects are immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, protected_namespaces=())


class ByTarget:
    """Marks a field whose value is instantiated from the class that ``_target_`` names.

    ``Annotated[Base, ByTarget()]`` accepts a mapping with ``_target_``, the dotted name of a class derived from ``Base``, and
    the keyword arguments of that class. The class is checked before it is called.
    """

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: _instantiated(source, value),
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(_dumped, info_arg=True),
        )


def _dumped(value: Schema, info: SerializationInfo) -> dict[str, Any]:
    """Dump all keys of the object's class; pydantic would dump only those of the field's type."""
    kind = type(value)
    return {TARGET: f"{kind.__module__}.{kind.__qualname__}", **value.model_dump(mode=info.mode)}


def _instantiated(base: type, value: Any) -> Any:
    if isinstance(value, base):
        return value
    if not isinstance(value, Mapping):
        raise PydanticCustomError("no_mapping", "must be a mapping with _target_ and the arguments of that class")
    reserved = next((name for name in value if str(name).startswith("_") and name != TARGET), None)
    if reserved is not None:
        raise _invalid((reserved,), "no such key; expected the name of an argument", value)
    _check_class(value.get(TARGET), base)
    # Only the class goes through Hydra, which would resolve interpolations in the values, such as ${HOME} in a shell line.
    make = hydra.utils.instantiate({TARGET: value[TARGET]}, _partial_=True)
    try:
        return make(**{str(name): entry for name, entry in value.items() if name != TARGET})
    except ValidationError:
        raise
    except (Exception, SystemExit) as error:  # a user's class may raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise PydanticCustomError("not_made", "{message}", {"message": f"{value[TARGET]} raised {reason}"}) from error


def _check_class(name: Any, base: type) -> None:
    """Raise ValidationError at ``_target_`` if the class does not exist or does not derive from ``base``."""
    if name is None:
        raise _invalid((TARGET,), "is missing; it names the class (if this is a YAML file, its defaults: may be missing)", name)
    if not isinstance(name, str) or not CLASS.fullmatch(name):
        raise _invalid((TARGET,), "must be the dotted name of a class, package.module.Class", name)
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:  # a user's module may raise anything on import
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        where = "; modules are found in the current folder and among installed packages"
        hint = where if isinstance(error, ModuleNotFoundError) else ""
        raise _invalid((TARGET,), f"cannot be imported ({reason}){hint}", name) from error
    if not isinstance(found, type) or not issubclass(found, base):
        raise _invalid((TARGET,), f"must be a class derived from {base.__module__}.{base.__qualname__}", name)
    if inspect.isabstract(found):
        missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        raise _invalid((TARGET,), f"is abstract: it does not define {missing}", name)


def _invalid(place: tuple[Any, ...], message: str, value: Any) -> ValidationError:
    details: InitErrorDetails = {
        "type": PydanticCustomError("not_allowed", "{message}", {"message": message}),
        "loc": place,
        "input": value,
    }
    return ValidationError.from_exception_data("configuration", [details])
