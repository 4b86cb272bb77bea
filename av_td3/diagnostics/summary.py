"""Summary statistics of a series."""

from dataclasses import dataclass

import numpy as np

from av_td3.diagnostics.phases import finite
from av_td3.runs.scalars import Series


@dataclass(frozen=True)
class Summary:
    """Statistics of a series. ``mean``, ``min`` and ``max`` are over the finite points; NaN if there are none."""

    points: int
    nonzero: int
    first: float
    last: float
    mean: float
    min: float
    max: float


def summarize(series: Series) -> Summary:
    """Summarize a series of at least one point."""
    values = series.values
    numbers = finite(values) if np.any(np.isfinite(values)) else np.array([np.nan])
    return Summary(
        points=len(values),
        nonzero=int(np.count_nonzero(values)),
        first=float(values[0]),
        last=float(values[-1]),
        mean=float(np.mean(numbers)),
        min=float(np.min(numbers)),
        max=float(np.max(numbers)),
    )
