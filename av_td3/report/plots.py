"""Draws plots as SVG elements, so that a page is a single file."""

from collections.abc import Callable
from io import StringIO
from itertools import pairwise
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from av_td3.runs.scalars import Series

STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.color": "#e5e7eb",
    "axes.edgecolor": "#9ca3af",
    "axes.labelcolor": "#374151",
    "xtick.color": "#374151",
    "ytick.color": "#374151",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "text.parse_math": False,  # names may contain dollar signs
    "svg.fonttype": "none",
    "svg.hashsalt": "av-td3",  # makes the file reproducible
}
BLUE, ORANGE, GREEN, RED, GREY, PURPLE = "#2563eb", "#d97706", "#059669", "#dc2626", "#6b7280", "#7c3aed"
WIDTH = 6.0  # inches
COLORS = (BLUE, ORANGE, GREEN, PURPLE, RED, "#0891b2", "#be185d", GREY)
LARGEST = 1e100  # matplotlib cannot place ticks far beyond
MAX_POINTS = 500  # of a curve, about one per pixel
WIDE = 10.0  # maximum over median from which on positive values are drawn on a logarithmic axis
NON_FINITE = "NaN or infinite"  # the label of a step
MOSTLY = 0.95  # share of positive values, for that
SYMLOG_FROM = 1.0  # linear below, logarithmic above


class Plot(NamedTuple):
    """A plot with a title and a note on how to read it.

    Args:
        title: of the plot.
        note: on how to read it.
        svg: the SVG element.
        tags: those of the log that it shows.

    """

    title: str
    note: str
    svg: str
    tags: frozenset[str] = frozenset()


def to_svg(draw: Callable[[Axes], None], height: float, width: float = WIDTH) -> str:
    """Draw on an axis.

    Args:
        draw: draws on the axis.
        height: inches.
        width: inches.

    Returns:
        The SVG element.

    """
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        draw(axes)
        text = StringIO()
        figure.savefig(text, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")), transparent=True)
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def thinned(series: Series) -> Series:
    """Reduce a series to about MAX_POINTS points: the minimum and maximum of each interval, so that spikes are kept."""
    if np.any(np.abs(series.values) > LARGEST):
        series = Series(series.steps, np.clip(series.values, -LARGEST, LARGEST))
    count = len(series.steps)
    if count <= MAX_POINTS:
        return series
    edges = np.linspace(0, count, MAX_POINTS // 2 + 1).astype(int)
    keep: set[int] = {0, count - 1}
    for begin, end in pairwise(edges):
        stretch = np.nan_to_num(series.values[begin:end], nan=0.0)
        keep |= {begin + int(np.argmin(stretch)), begin + int(np.argmax(stretch))}
    chosen = np.array(sorted(keep))
    return Series(series.steps[chosen], series.values[chosen])


def curve(axes: Axes, series: Series, label: str, color: str, **style: object) -> None:
    """Draw a line over steps, with markers if there are few points, and mark the first that is not finite."""
    points = thinned(series)
    marker = {"marker": "o", "markersize": 3.5} if len(points.steps) < 12 else {}
    axes.plot(points.steps, points.values, label=label, color=color, **(marker | style))  # type: ignore[arg-type]
    _mark_non_finite(axes, series)


def _mark_non_finite(axes: Axes, series: Series) -> None:
    broken = series.steps[~np.isfinite(series.values)]
    if len(broken):
        known = NON_FINITE in axes.get_legend_handles_labels()[1]
        axes.axvline(broken[0], color=RED, linestyle=":", linewidth=1.2, label=None if known else NON_FINITE)


def legend(axes: Axes, *others: Axes) -> None:
    """Draw the legend above the axes. Twin axes share one, in which a label stands once."""
    entries: dict[str, Artist] = {}
    for drawn in (axes, *others):
        for line, label in zip(*drawn.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, line)
    labels = list(entries)
    columns = 5 if sum(map(len, labels)) < 40 else 4 if sum(map(len, labels)) < 52 else 3
    axes.legend(
        list(entries.values()),
        labels,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        columnspacing=1.2,
        handlelength=1.4,
        borderpad=0.2,
    )


def set_steps(axes: Axes, unit: str) -> None:
    """Label the x axis with the unit of its steps and draw the legend."""
    axes.set_xlabel(unit)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    legend(axes)


def log_scale(axes: Axes, scale: str, **options: float) -> None:
    """Set a logarithmic y axis with plain text labels, because matplotlib's own use TeX."""
    axes.set_yscale(scale, **options)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def log_if_wide(axes: Axes, values: NDArray[np.float64]) -> None:
    """Set a logarithmic y axis for positive values with outliers; the few that are zero or negative are not drawn."""
    if len(values) and np.mean(values > 0.0) > MOSTLY and np.max(values) > WIDE * np.median(values):
        log_scale(axes, "log")


def symlog(axes: Axes) -> None:
    """Set a logarithmic y axis for both signs, linear around zero, if a value exceeds ten."""
    if max(abs(limit) for limit in axes.get_ylim()) < 10.0:
        return
    least, most = axes.dataLim.ymin, axes.dataLim.ymax
    low, high = min(0.0, 2.0 * least), max(0.0, 2.0 * most)
    log_scale(axes, "symlog", linthresh=SYMLOG_FROM)
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    axes.set_ylim(low, high)
    decades = [10.0**k for k in range(40) if 10.0**k <= max(abs(low), abs(high))]
    if len(decades) > 4:
        decades = decades[len(decades) // 4 :: len(decades) // 4]  # without those that overlap with zero
    ticks = [t for t in (*(-d for d in decades[::-1]), 0.0, *decades) if low <= t <= high]
    axes.set_yticks(ticks)
    axes.minorticks_off()
