"""Statistics of the first and last quarter of a series. Non-finite values are left out; the rule non_finite reports them."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def finite(values: Values) -> Values:
    """The finite values."""
    return values[np.isfinite(values)]


def early(values: Values) -> float:
    """The median of the first quarter; NaN if it has no finite values."""
    return _median(values[: _quarter(values)])


def late(values: Values) -> float:
    """The median of the last quarter; NaN if it has no finite values."""
    return _median(values[-_quarter(values) :])


def last_quarter(values: Values) -> Values:
    """The values of the last quarter, at least one."""
    return values[-_quarter(values) :]


def _quarter(values: Values) -> int:
    return max(1, len(values) // 4)


def _median(values: Values) -> float:
    numbers = finite(values)
    return float(np.median(numbers)) if len(numbers) else float("nan")
