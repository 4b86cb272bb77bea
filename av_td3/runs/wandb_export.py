"""Splits the chart exports of Weights & Biases, which hold a column per run."""

from collections import defaultdict

from av_td3.runs.series import Scalars

SEPARATOR = " - "  # between the name of a run and a tag
BOUNDS = ("__MIN", "__MAX")  # of the points that a value stands for


def is_export(header: list[str]) -> bool:
    """Whether a header is that of a chart export: an axis, then ``run - tag``, ``run - tag__MIN`` and ``run - tag__MAX``."""
    return len(header) > 1 and SEPARATOR not in header[0] and all(SEPARATOR in column for column in header[1:])


def by_run(scalars: Scalars) -> dict[str, Scalars]:
    """The series by the name of the run and by tag, in the order of the export, without the bounds."""
    runs: dict[str, Scalars] = defaultdict(dict)
    for column, series in scalars.items():
        run, found, tag = column.rpartition(SEPARATOR)
        if found and not tag.endswith(BOUNDS) and len(series.steps):
            runs[run][tag] = series
    return dict(runs)
