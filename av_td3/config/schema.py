"""What the parts of a configuration have in common: fields with types and limits, and classes that a configuration names.

A class derived from Schema lists the keys of one part. YAML holds the defaults; a schema has none. Where a user may put a
class of their own, the field is ``Annotated[Base, ByTarget()]``, and the configuration names the class with ``_target_``.
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
    """A part of the configuration. Its fields are its keys, and nothing else is taken. Objects do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, protected_namespaces=())


class ByTarget:
    """Marks a field whose value is made from the class that ``_target_`` names, by ``hydra.utils.instantiate``.

    The class must derive from the field's type, which is checked before anything of it is called. The other keys are its named
    arguments.
    """

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: _instantiated(source, value),
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(_dumped, info_arg=True),
        )


def _dumped(value: Schema, info: SerializationInfo) -> dict[str, Any]:
    """All keys of the object's own class; pydantic would write those of the field's type."""
    kind = type(value)
    return {TARGET: f"{kind.__module__}.{kind.__qualname__}", **value.model_dump(mode=info.mode)}


def _instantiated(base: type, value: Any) -> Any:
    if isinstance(value, base):
        return value
    if not isinstance(value, Mapping):
        raise PydanticCustomError("no_mapping", "must be a mapping with a _target_, and the arguments of what that names")
    reserved = next((name for name in value if str(name).startswith("_") and name != TARGET), None)
    if reserved is not None:
        raise _invalid((reserved,), "no such key; a name of an argument is expected", value)
    _check_class(value.get(TARGET), base)
    # Only the class goes through Hydra: it would look for references in values once more, as in a line of shell with ${HOME}.
    make = hydra.utils.instantiate({TARGET: value[TARGET]}, _partial_=True)
    try:
        return make(**{str(name): entry for name, entry in value.items() if name != TARGET})
    except ValidationError:
        raise
    except (Exception, SystemExit) as error:  # whatever the user's class raises
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise PydanticCustomError("not_made", "{message}", {"message": f"{value[TARGET]} refuses it ({reason})"}) from error


def _check_class(name: Any, base: type) -> None:
    """Raise ValidationError at ``_target_`` where there is no such class, or one of another kind."""
    if name is None:
        raise _invalid((TARGET,), "is missing; it names the class (in a YAML file, perhaps its defaults: are missing)", name)
    if not isinstance(name, str) or not CLASS.fullmatch(name):
        raise _invalid((TARGET,), "must be the dotted name of a class, package.module.Class", name)
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:  # whatever the user's module raises when it is imported
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise _invalid((TARGET,), f"cannot be imported ({reason})", name) from error
    if not isinstance(found, type) or not issubclass(found, base):
        raise _invalid((TARGET,), f"must be a class derived from {base.__module__}.{base.__qualname__}", name)
    if inspect.isabstract(found):
        raise _invalid((TARGET,), "is abstract; name a class derived from it", name)


def _invalid(place: tuple[Any, ...], message: str, value: Any) -> ValidationError:
    details: InitErrorDetails = {
        "type": PydanticCustomError("not_allowed", "{message}", {"message": message}),
        "loc": place,
        "input": value,
    }
    return ValidationError.from_exception_data("configuration", [details])
