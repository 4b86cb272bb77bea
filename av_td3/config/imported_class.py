"""Classes and functions that a configuration names."""

import importlib
from typing import Any, TypeVar

from av_td3.config.experiment import ConfigError

Base = TypeVar("Base")


def imported_class(key: str, name: str, base: type[Base]) -> type[Base]:
    """The class ``name``, once it has been seen to be a ``base``; nothing of it is called.

    Raises:
        ConfigError: naming ``key`` where there is no such class, or one of another kind.

    """
    found = imported(key, name)
    if not isinstance(found, type) or not issubclass(found, base):
        raise ConfigError(f"{key}={name}: must be a class derived from {base.__module__}.{base.__qualname__}")
    return found


def imported(key: str, name: str) -> Any:
    """What ``package.module.Name`` names. Raises ConfigError naming ``key``."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:  # whatever the user's module raises when it is imported
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConfigError(f"{key}={name}: cannot be imported ({reason})") from error
