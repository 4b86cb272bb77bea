"""The beginning and the end of what was logged. Values that are no numbers are left out; a rule of their own names them."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def finite(values: Values) -> Values:
    """Only the numbers."""
    return values[np.isfinite(values)]


def early(values: Values) -> float:
    """The median of the first quarter; NaN where there is nothing."""
    return _median(values[: _quarter(values)])


def late(values: Values) -> float:
    """The median of the last quarter; NaN where there is nothing."""
    return _median(values[-_quarter(values) :])


def last_quarter(values: Values) -> Values:
    """The last quarter, at least one value."""
    return values[-_quarter(values) :]


def _quarter(values: Values) -> int:
    return max(1, len(values) // 4)


def _median(values: Values) -> float:
    numbers = finite(values)
    return float(np.median(numbers)) if len(numbers) else float("nan")
