"""A figure of the report, which can be drawn of every run that logged what it shows."""

from collections.abc import Callable
from typing import NamedTuple

from matplotlib.axes import Axes

from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.report.plots import Plot, to_svg

Note = Callable[[RecordedRun], str]


class RunFigure(NamedTuple):
    """A figure of the report. It can be drawn of every run that logged what it shows.

    Args:
        title: of the figure.
        note: on how to read it; a function where that depends on the run.
        draw: draws it on an axis; raises NotLogged.
        shows: the names of what it draws; one that ends with a slash stands for all that begin with it.
        height: inches.
        expected: whether a run should have logged it, so that its absence is worth a word.

    """

    title: str
    note: str | Note
    draw: Callable[[RecordedRun, Axes], None]
    shows: tuple[str, ...]
    height: float = 3.2
    expected: Callable[[RecordedRun], bool] = lambda run: True

    def tags(self, run: RecordedRun) -> frozenset[str]:
        """The tags of the log that it shows."""
        names = [name for name in run.scalars if name in self.shows or name.startswith(self._beginnings)]
        return frozenset(run.tag_of(name) for name in names)

    @property
    def _beginnings(self) -> tuple[str, ...]:
        return tuple(name for name in self.shows if name.endswith("/"))


def draw_figure(figure: RunFigure, run: RecordedRun) -> Plot:
    """Draw a figure of a run. Raises NotLogged if the run did not log what it shows."""
    svg = to_svg(lambda axes: figure.draw(run, axes), figure.height)
    note = figure.note if isinstance(figure.note, str) else figure.note(run)
    return Plot(figure.title, f"{note} {_origin(figure, run)}".strip(), svg, figure.tags(run))


def _origin(figure: RunFigure, run: RecordedRun) -> str:
    """The tags that a figure shows, where they are not called as in our runs."""
    tags = [run.tag_of(name) for name in figure.shows if run.has(name) and run.tag_of(name) != name]
    return f"Logged as {', '.join(dict.fromkeys(tags))}." if tags else ""
