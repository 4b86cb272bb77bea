"""What a key of the configuration takes: numbers between bounds, text of a form.

Used as pydantic annotations, ``Annotated[float, Interval(0.0, 1.0)]``. Pydantic's own constraints would name one bound in their
message; these name both, and the reason.
"""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, Strict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True)
class Interval:
    """Numbers between two bounds. Only ``infinite`` ones take inf, which then stands for "no limit".

    A whole number must be written as one: 1000, not 1e3, so that a config reads the same wherever it is compared.
    """

    low: float
    high: float
    reason: str = ""  # why not more or less, for the message
    open_low: bool = False
    open_high: bool = False
    infinite: bool = False

    def __contains__(self, value: float) -> bool:
        if math.isnan(value):
            return False
        if math.isinf(value):
            return value > 0.0 and self.infinite
        above = value > self.low if self.open_low else value >= self.low
        return above and (value < self.high if self.open_high else value <= self.high)

    def __str__(self) -> str:
        low = f"{'more than' if self.open_low else 'at least'} {self.low:.15g}"
        high = f"{'less than' if self.open_high else 'at most'} {self.high:.15g}"
        return f"{low} and {high}{', or inf' if self.infinite else ''}{f' ({self.reason})' if self.reason else ''}"

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        if source is int:
            return core_schema.no_info_after_validator_function(self._checked, core_schema.int_schema(strict=True))
        number = core_schema.no_info_before_validator_function(_no_switch, core_schema.float_schema())
        return core_schema.no_info_after_validator_function(self._checked, number)

    def _checked(self, value: Any) -> Any:
        return value if value in self else _refuse(self)


def _no_switch(value: Any) -> Any:
    """Pydantic takes true for 1.0. Text such as inf, which YAML writes as .inf, may stand for a number."""
    if isinstance(value, bool):
        raise PydanticCustomError("not_allowed", "must be a number")
    return value


@dataclass(frozen=True)
class Form:
    """Text of a form: a regular expression, and what it says to a person."""

    pattern: str
    description: str

    def __str__(self) -> str:
        return self.description

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, value: str) -> str:
        return value if re.fullmatch(self.pattern, value) else _refuse(self)


def _refuse(allowed: Interval | Form) -> Any:
    raise PydanticCustomError("not_allowed", "{message}", {"message": f"must be {allowed}"})


# Bounds that no sensible experiment meets: what lies beyond is a slip of the keyboard, or ends in an overflow later.
Steps = Annotated[int, Interval(1, 1e12)]
Count = Annotated[int, Interval(1, 1e6)]
Switch = Annotated[bool, Strict()]  # true or false, so that what is typed and what is meant are the same
