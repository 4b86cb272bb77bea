"""What a key of the configuration takes: numbers between bounds, words of a list, words of a form."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING


@dataclass(frozen=True)
class Interval:
    """Numbers between two bounds. Only ``infinite`` ones take inf, which then stands for "no limit"."""

    low: float
    high: float
    reason: str = ""  # why not more or less, for the message
    open_low: bool = False
    open_high: bool = False
    infinite: bool = False

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float) or math.isnan(value):
            return False
        if math.isinf(value):
            return value > 0.0 and self.infinite
        above = value > self.low if self.open_low else value >= self.low
        return above and (value < self.high if self.open_high else value <= self.high)

    def __str__(self) -> str:
        low = f"{'more than' if self.open_low else 'at least'} {self.low:.15g}"
        high = f"{'less than' if self.open_high else 'at most'} {self.high:.15g}"
        return f"{low} and {high}{', or inf' if self.infinite else ''}{f' ({self.reason})' if self.reason else ''}"


@dataclass(frozen=True)
class Choice:
    """The words of a list."""

    words: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.words

    def __str__(self) -> str:
        return "one of " + ", ".join(self.words)


@dataclass(frozen=True)
class Form:
    """Words of a form: a regular expression, and what it says to a person."""

    pattern: str
    description: str

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None

    def __str__(self) -> str:
        return self.description


def first_refused(allowed: Interval | Choice | Form, value: Any) -> tuple[str, Any] | None:
    """The name (of a dict's entry, else empty) and the value that is not allowed; None where all are. None itself always is."""
    for name, entry in value.items() if isinstance(value, Mapping) else [("", value)]:
        for single in entry if isinstance(entry, Sequence) and not isinstance(entry, str) else [entry]:
            if single is not None and single not in allowed:
                return str(name), entry
    return None


def takes(allowed: Interval | Choice | Form) -> Any:
    """A key without a default (YAML has it) that takes only these values; of a list or dict, each of its values."""
    return field(default=MISSING, metadata={"allowed": allowed})
