"""Numbers in findings."""

import math


def short(value: float) -> str:
    """A number with about three digits, and a power of ten only where it is needed: 0.0123, 45.6, 12,300, 4.5e+09."""
    size = abs(value)
    if not math.isfinite(value) or size == 0.0 or size < 1e-3 or size >= 1e7:
        return f"{value:.3g}"
    if size < 999.5:
        return f"{value:.3g}"
    return f"{round(value, 2 - math.floor(math.log10(size))):,.0f}" if size >= 1e4 else f"{value:,.0f}"
