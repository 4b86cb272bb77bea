"""One axis for the curves of two runs: their steps if these count the same, else the share of each run."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from av_td3.diagnostics.axis import Axis
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.report.plots import set_steps
from av_td3.report.reading import unit_of
from av_td3.runs.scalars import Series

MAX_RATIO = 10  # of the lengths of two runs, up to which both are visible on an axis of steps
WHOLE = 1_000_000  # of a run, in the steps of an axis of shares


class SharedAxis:
    """The axis of two runs.

    Args:
        baseline: a run.
        candidate: the other.

    """

    def __init__(self, baseline: RecordedRun, candidate: RecordedRun):
        self._units = (unit_of(baseline), unit_of(candidate))
        known = baseline.axis not in (Axis.UNKNOWN, Axis.SECONDS)
        same_program = baseline.logged.keys() == candidate.logged.keys() and baseline.axis is Axis.UNKNOWN
        lengths = [_length(run) for run in (baseline, candidate)]
        same_unit = baseline.axis is candidate.axis and (known or same_program)
        self._lengths_differ = same_unit and max(lengths) > MAX_RATIO * max(min(lengths), 1.0)
        self.by_steps = same_unit and not self._lengths_differ

    @property
    def note(self) -> str:
        """Why the curves are not over steps; empty if they are."""
        if self.by_steps:
            return ""
        if self._lengths_differ:
            return f"One run is more than {MAX_RATIO} times as long, so the curves are drawn over the share of each run."
        if self._units[0] == self._units[1]:
            return f"Both logs count {self._units[0]}, so their curves are drawn over the share of each run."
        return f"The logs count {self._units[0]} and {self._units[1]}, so their curves are drawn over the share of each run."

    def place(self, run: RecordedRun, series: Series) -> Series:
        """A series of one of the runs on this axis."""
        if self.by_steps:
            return series
        first = min(int(own.steps[0]) for own in run.scalars.values())
        last = max(int(own.steps[-1]) for own in run.scalars.values())
        shares = (series.steps.astype(np.float64) - float(first)) / max(float(last) - float(first), 1.0)
        return Series((WHOLE * shares).astype(np.int64), series.values)

    def label(self, axes: Axes) -> None:
        """Label the x axis and draw the legend."""
        set_steps(axes, self._units[0] if self.by_steps else "share of the run")
        if not self.by_steps:
            axes.xaxis.set_major_formatter(PercentFormatter(WHOLE))


def _length(run: RecordedRun) -> float:
    """The steps from the first to the last point."""
    first = min((float(series.steps[0]) for series in run.scalars.values()), default=0.0)
    return max((float(series.steps[-1]) for series in run.scalars.values()), default=0.0) - first
