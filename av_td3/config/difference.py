"""The keys in which two configs differ."""

from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A key and its two values as YAML writes them; a dash if a config lacks the key."""

    key: str
    first: str
    second: str


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[Difference]:
    """The keys whose values differ, in alphabetical order."""
    one, other = _flat(first), _flat(second)
    keys = sorted(key for key in one.keys() | other.keys() if key not in one or key not in other or one[key] != other[key])
    return [Difference(key, _as_text(one, key), _as_text(other, key)) for key in keys]


def _as_text(flat: dict[str, Any], key: str) -> str:
    if key not in flat:
        return "-"
    return "null" if flat[key] is None else str(flat[key])


def _flat(node: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Values by their dotted keys. 200 and 200.0 are equal, as everywhere in a config."""
    flat: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{path}{key}.")
        else:
            flat[f"{path}{key}"] = value
    return flat
