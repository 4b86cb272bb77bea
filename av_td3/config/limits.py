"""Constraints of configuration keys: numbers within bounds, text that matches a pattern.

They are pydantic annotations, as in ``Annotated[float, Interval(0.0, 1.0)]``. Pydantic's own constraints name one bound in
their message; these name both, and the reason.
"""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, Strict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True)
class Interval:
    """A number within bounds, ``Annotated[float, Interval(...)]`` or ``Annotated[int, Interval(...)]``.

    An integer must be written as one, 1000 and not 1e3, so that configs can be compared as text.

    Args:
        low: lower bound.
        high: upper bound.
        reason: the unit or why these bounds, for the message.
        open_low: exclude the lower bound.
        open_high: exclude the upper bound.
        infinite: also accept inf, which means "no limit".

    """

    low: float
    high: float
    reason: str = ""
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
    """Reject booleans, which pydantic converts to 1.0. Text such as inf, which YAML writes as .inf, is a number."""
    if isinstance(value, bool):
        raise PydanticCustomError("not_allowed", "must be a number")
    return value


@dataclass(frozen=True)
class Form:
    """Text that matches a pattern, ``Annotated[str, Form(...)]``.

    Args:
        pattern: regular expression that the whole text must match.
        description: what is allowed, for the message.

    """

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


# Bounds that no sensible experiment reaches: larger values are typing errors, or overflow later.
Steps = Annotated[int, Interval(1, 1e12)]
Count = Annotated[int, Interval(1, 1e6)]
Switch = Annotated[bool, Strict()]  # true or false only; pydantic would also accept yes, on and 1
