"""Everything else that a log of another program has: small plots of the tags that no other figure shows."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from av_td3.diagnostics.phases import finite
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.report.plots import BLUE, Plot, curve, symlog, to_svg
from av_td3.report.reading import unit_of
from av_td3.runs.scalars import Series

MAX_PLOTS = 40
WIDTH, HEIGHT = 4.0, 2.1  # inches
WIDE = 20.0  # largest over median size from which on an axis is logarithmic
MIN_COUNTS = 5  # points from which on rising integers count something


class OtherTags(NamedTuple):
    """The tags that no other figure shows.

    Args:
        plots: of what changes.
        constants: a text such as ``train/clip_range = 0.2`` for each that does not.
        counters: a text such as ``time/total_timesteps: 0 to 5000`` for each that only counts.
        left_out: the tags beyond MAX_PLOTS.

    """

    plots: list[Plot]
    constants: list[str]
    counters: list[str]
    left_out: list[str]


def other_tags(run: RecordedRun, shown: Iterable[Plot]) -> OtherTags:
    """Draw the tags of a log that are not in ``shown``, under their own names."""
    known = frozenset[str]().union(*(plot.tags for plot in shown))
    rest = {tag: series for tag, series in sorted(run.logged.items()) if tag not in known}
    constants = {tag: _constant(series) for tag, series in rest.items()}
    counters = [tag for tag, series in rest.items() if constants[tag] is None and is_counter(series)]
    curves = [tag for tag in rest if constants[tag] is None and tag not in counters]
    return OtherTags(
        plots=[_plot(tag, rest[tag], unit_of(run)) for tag in curves[:MAX_PLOTS]],
        constants=[f"{tag} = {text}" for tag, text in constants.items() if text is not None],
        counters=[f"{tag}: {rest[tag].values[0]:g} to {rest[tag].values[-1]:g}" for tag in counters],
        left_out=curves[MAX_PLOTS:],
    )


def is_counter(series: Series) -> bool:
    """Whether the values only count something: integers that rise at every point, about in proportion to the steps."""
    values = series.values
    if len(values) < MIN_COUNTS or not np.all(np.isfinite(values)) or np.any(values != np.round(values)):
        return False
    if not np.all(np.diff(values) > 0.0) or np.ptp(series.steps) == 0:
        return False
    return bool(np.corrcoef(series.steps, values)[0, 1] > 0.99)


def _constant(series: Series) -> str | None:
    """The only value of a series as text; None if there are several."""
    numbers = finite(series.values)
    if len(numbers) == 0:
        return "no finite value"
    return f"{numbers[0]:.6g}" if np.all(series.values == numbers[0]) else None


def _plot(tag: str, series: Series, unit: str) -> Plot:
    def draw(axes: Axes) -> None:
        curve(axes, series, tag, BLUE)
        axes.set_xlabel(unit)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        numbers = np.abs(finite(series.values))
        if np.max(numbers, initial=0.0) > WIDE * np.median(numbers):
            symlog(axes)

    return Plot(tag, "", to_svg(draw, HEIGHT, WIDTH), frozenset([tag]))
