"""The numbers of a series at a glance."""

from dataclasses import dataclass

import numpy as np

from av_td3.diagnostics.phases import finite
from av_td3.runs.scalars import Series


@dataclass(frozen=True)
class Summary:
    """Of all points: how many, and how many are not zero. Mean, least and largest are those of the points that are numbers."""

    points: int
    nonzero: int
    first: float
    last: float
    mean: float
    min: float
    max: float


def summarize(series: Series) -> Summary:
    """Sum up a series of at least one point."""
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
