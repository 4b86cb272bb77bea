import warnings

import numpy as np
import pytest

from av_td3.diagnostics.quantities import QUANTITIES
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.report.figures import FIGURES
from av_td3.report.page import plots_of
from av_td3.report.plots import MAX_POINTS, thinned
from av_td3.runs.scalars import Series
from tests.diagnostics.logs import healthy, series
from tests.report.folders import write_trajectories


def test_a_long_curve_is_thinned_without_losing_its_spikes():
    values = np.sin(np.arange(100_000) / 1000.0)
    values[54_321], values[77_777] = 99.0, -99.0
    points = thinned(Series(np.arange(100_000), values))
    assert len(points.steps) <= MAX_POINTS + 2
    assert (points.values.max(), points.values.min()) == (99.0, -99.0)
    assert points.steps[0] == 0
    assert points.steps[-1] == 99_999
    assert np.all(np.diff(points.steps) > 0)
    assert np.array_equal(points.values, values[points.steps])


def test_a_short_curve_stays():
    series = Series(np.arange(50), np.arange(50.0))
    assert thinned(series) is series


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 40,
        [float("nan")] * 40,
        [float("inf")] * 40,
        [-1e30] * 20 + [1e30] * 20,
        [1e-30] * 40,
        [3.0],
        [1.0, float("nan")],
    ],
)
def test_every_figure_can_be_drawn_of_any_numbers(tmp_path, values):
    scalars = {tag: series(values) for tag in (*healthy(), *QUANTITIES)}
    write_trajectories(tmp_path)
    run = RecordedRun(tmp_path, scalars)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots, missing = plots_of(run)
    assert missing == []
    assert len(plots) == len(FIGURES)
