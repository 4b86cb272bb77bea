"""In which keys two configs differ."""

from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A key and its two values, as YAML would write them; a dash where one config lacks the key."""

    key: str
    first: str
    second: str


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[Difference]:
    """The keys whose values are not the same, in alphabetical order."""
    one, other = _flat(first), _flat(second)
    keys = sorted({key for key in one.keys() | other.keys() if one.get(key, "-") != other.get(key, "-")})
    return [Difference(key, one.get(key, "-"), other.get(key, "-")) for key in keys]


def _flat(node: dict[str, Any], path: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in node.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{path}{key}.")
        else:
            flat[f"{path}{key}"] = "null" if value is None else str(value)
    return flat
