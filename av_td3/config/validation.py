"""Validates a composed config. An error is one line with the key, its value and the allowed values."""

import difflib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml import MarkedYAMLError

from av_td3.config.conf_folder import options_with
from av_td3.config.errors import ConfigError
from av_td3.config.schema import TARGET, Schema

SYNONYMS = {"learning_rate": "lr", "gamma": "discount", "gama": "discount"}
CLIPPING = "algorithm.gradient_clipping"
NAMED_ENTRIES = (  # mappings with entries of the user's choice
    *("callbacks", "alerts.custom", "scenario.endings", "reward.terms", "reward.endings"),
    *("observation.vector", "observation.cameras", "simulator.environment"),
)
MAX_SHOWN = 100  # characters of a value
# Prefixes of pydantic's error types, and our messages.
WORDS = {
    "missing": "is missing; it has no default",
    "int_": "must be an integer",
    "float_": "must be a number",
    "bool_": "must be true or false",
    "string_": "must be text",
    "list_": "must be a list",
    "tuple_": "must be a list",
    "dict_": "must be a mapping of names to values",
    "model_": "must be a mapping of names to values",
}
OTHER_TYPE = ("_type", "_parsing", "literal_error")  # ends of pydantic's error types for values of another type
Part = TypeVar("Part", bound=Schema)


def validated(composed: DictConfig, schema: type[Part], prefix: str = "") -> Part:
    """Validate a composed config.

    Args:
        composed: the config; its interpolations are resolved.
        schema: the schema of the config.
        prefix: is put before each key in a message.

    Raises:
        ConfigError: a key is invalid; the message names the first one.

    """
    try:
        content = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(reference_error(error)) from error
    assert isinstance(content, dict)
    return typed({str(key): value for key, value in content.items()}, schema, prefix)


def typed(content: dict[str, Any], schema: type[Part], prefix: str = "") -> Part:
    """Validate plain values, as ``validated`` does."""
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise ConfigError(_explained(error, content, prefix)) from None


def _explained(error: ValidationError, content: dict[str, Any], prefix: str) -> str:
    errors = error.errors(include_url=False)
    first = next((wrong for wrong in errors if wrong["type"] != "missing"), errors[0])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return str(cause)  # of keys that contradict each other; it names them
    place = _place(first, content)
    key = prefix + ".".join(place)
    if first["type"] == "extra_forbidden":
        if key == CLIPPING:
            return (
                f"{key}: {content['algorithm'].get(TARGET)} has no such key, which conf/clipping/ fills; add `- override "
                "/clipping: null` to the defaults of the algorithm's file"
            )
        wrong = ".".join(place)
        written = [f"{prefix}{k}" for k in keys_of(content) if k != wrong and not k.startswith(f"{wrong}.")]
        section = place[:-1]
        fields = [prefix + ".".join([*section, name]) for name in _fields(content, section)]
        return unknown_key(key, [*written, *(f for f in fields if not any(k.startswith(f"{f}.") for k in written))])
    if first["type"] == "missing":
        return f"{key}: {WORDS['missing']}"
    return f"{key}={_shown(content, place)}: {_alternatives([each for each in errors if _place(each, content) == place])}"


def _place(error: ErrorDetails, content: Any) -> list[str]:
    """The key of an error: of the list, not its tenth entry, and without the branches of a union that were tried."""
    place = []
    for part in error["loc"]:
        named = isinstance(content, Mapping) and (part in content or part == TARGET or error["type"] == "missing")
        if not named:
            break
        place.append(str(part))
        content = content.get(part)
    return place


def _alternatives(errors: Sequence[ErrorDetails]) -> str:
    """What a key accepts that may have several types: that of the type which the value has, else all."""
    of_its_type = [error for error in errors if not error["type"].endswith(OTHER_TYPE)]
    words = dict.fromkeys(what_is_allowed(error) for error in of_its_type[:1] or errors)
    return " or ".join([next(iter(words)), *(each.removeprefix("must be ") for each in list(words)[1:])])


def _fields(content: Any, section: list[str]) -> list[str]:
    """The keys of the class that ``_target_`` of a section names; empty where there is none."""
    for part in section:
        content = content.get(part) if isinstance(content, Mapping) else None
    name = content.get(TARGET) if isinstance(content, Mapping) else None
    module, _, attribute = str(name).rpartition(".")
    found = getattr(sys.modules.get(module), attribute, None)  # it has been imported by now
    return list(found.model_fields) if isinstance(found, type) and issubclass(found, Schema) else []


def what_is_allowed(error: ErrorDetails) -> str:
    """What a key accepts, from pydantic's error."""
    kind = error["type"]
    if kind in ("literal_error", "enum"):
        return "must be one of " + ", ".join(re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", "")))
    if kind in ("too_short", "too_long"):
        return (
            "must have "
            + (f"{error['ctx']['min_length']} or more" if kind == "too_short" else f"at most {error['ctx']['max_length']}")
            + " entries"
        )
    if kind.startswith("int_") and isinstance(error["input"], float) and error["input"].is_integer():
        return f"{WORDS['int_']}, written as one: {error['input']:.0f}"
    return next((words for prefix, words in WORDS.items() if kind.startswith(prefix)), error["msg"])


def _shown(content: Any, place: list[str]) -> str:
    for part in place:
        content = content.get(part) if isinstance(content, Mapping) else None
    text = "null" if content is None else str(content)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def keys_of(content: Mapping[str, Any], path: str = "") -> list[str]:
    """The dotted names of all leaf keys of a nested config."""
    return list(_leaves(content, path))


def _leaves(content: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def unknown_key(key: str, known: Sequence[str]) -> str:
    """The message for an unknown key, with the most similar known one."""
    if key.rpartition(".")[0] in NAMED_ENTRIES:
        return f"{key}: no such entry; +{key}=... adds one"
    options = options_with(key)
    if options:
        return f"{key}: no such key here, only with {', '.join(options)}"
    near = _nearest(key, [k for k in known if not k.endswith(TARGET)])
    return f"{key}: no such key" + (f"; did you mean {near}?" if near else "; conf/ lists them all")


def _nearest(key: str, known: Sequence[str]) -> str | None:
    """A known key whose last part contains that of ``key``, preferably in the same section; else the most similar one."""
    place, _, word = key.rpartition(".")
    word = SYNONYMS.get(word, word)
    similar = [k for k in known if f"_{word}_" in f"_{k.rpartition('.')[2]}_" and k.startswith(place)]
    if similar:
        return min(similar, key=lambda k: (k.count("."), len(k), k))
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return near[0] if near else None


def reference_error(error: OmegaConfBaseException) -> str:
    """OmegaConf's message for an interpolation such as ``${seed}`` that cannot be resolved, after the key that holds it."""
    text = re.sub(r" object_type=\S+$", "", " ".join(str(error).split()))
    text, _, key = text.partition(" full_key: ")
    text = text.removeprefix("KeyError raised while resolving interpolation: ")
    return f"{key}: {text}" if key else text


def composition_error(error: Exception, known: Callable[[], Sequence[str]]) -> str:
    """Hydra's message in one line; for an unknown key, with the most similar known one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConfigError):
            return str(cause)
        cause = cause.__cause__
    if isinstance(error, OmegaConfBaseException):
        return reference_error(error)
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}: invalid YAML ({error.problem})"
    text = " ".join(str(error).split()).partition(" Config search path:")[0].removeprefix("Error merging override ")
    missing = re.match(r"In '[^']*': (Could not find '[^']*') Available options in '[^']*': (.*)", text)
    if missing:
        there = ", ".join(missing.group(2).split())
        return f"{missing.group(1)} in conf/; available: {there} (--config-dir adds a folder)"
    unknown = re.match(r"Could not override '([^']+)'", text)
    if unknown:
        return unknown_key(unknown.group(1), known())
    cause = error.__cause__
    if cause is not None and str(cause) not in text:
        text += ": " + str(cause).splitlines()[0]
    return text
