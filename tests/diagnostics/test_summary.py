import numpy as np
import pytest

from av_td3.diagnostics.recorded_run import read_run
from av_td3.diagnostics.summary import Summary, summarize
from av_td3.runs.scalars import Series
from tests.diagnostics.seed_logs import SEED_LOGS, seed_log


def of(*values):
    return summarize(Series(np.arange(len(values)), np.array(values)))


def test_a_series_is_summed_up():
    assert of(2.0, 0.0, -5.0, 1.0) == Summary(points=4, nonzero=3, first=2.0, last=1.0, mean=-0.5, min=-5.0, max=2.0)


def test_non_finite_values_are_left_out_of_the_mean():
    summary = of(1.0, float("nan"), 3.0, float("inf"))
    assert (summary.mean, summary.min, summary.max, summary.points) == (2.0, 1.0, 3.0, 4)
    assert np.isnan(of(float("nan")).mean)


# Of each run that exploded: tag, figure, value.
FIGURES = {
    "20251113-132842": [
        ("train/actor_loss", "first", -2.852),
        ("train/actor_loss", "last", -7.608e6),
        ("train/q1_value", "first", 20.04),
        ("train/q1_value", "last", 81.27),
        ("train/critic_loss", "mean", 121.87),
        ("gradients/actor_cnn_norm", "mean", 1_826_337),
        ("gradients/actor_cnn_norm", "max", 8_199_994),
        ("gradients/actor_mlp_norm", "nonzero", 4),
        ("gradients/actor_mlp_norm", "points", 25),
        ("gradients/critic_cnn_norm", "mean", 5897),
        ("episode/length", "first", 50),
        ("episode/length", "last", 3),
    ],
    "20251117-184435": [
        ("train/actor_loss", "first", -249.8),
        ("train/actor_loss", "last", -2.764e9),
        ("train/q1_value", "first", 21.08),
        ("train/q1_value", "last", 71.62),
        ("train/critic_loss", "mean", 114.41),
        ("gradients/actor_cnn_norm", "mean", 1.928),
        ("gradients/actor_cnn_norm", "max", 2.062),
        ("gradients/actor_mlp_norm", "nonzero", 1),
        ("gradients/actor_mlp_norm", "points", 25),
        ("gradients/critic_cnn_norm", "mean", 22.98),
        ("episode/length", "first", 50),
        ("episode/length", "last", 3),
    ],
    "20251121-110006": [
        ("train/actor_loss", "first", -1.302e6),
        ("train/actor_loss", "last", -2.798e13),
        ("train/q1_value", "first", 14.15),
        ("train/q1_value", "last", 64.60),
        ("train/critic_loss", "mean", 987.47),
        ("gradients/actor_cnn_norm", "mean", 1.0),
        ("gradients/actor_cnn_norm", "max", 1.0),
        ("gradients/actor_mlp_norm", "nonzero", 0),
        ("gradients/actor_mlp_norm", "points", 40),
        ("gradients/critic_cnn_norm", "mean", 9.478),
        ("debug/actor_grad_norm_BEFORE_clip", "mean", 5.844e10),
        ("episode/length", "first", 50),
        ("episode/length", "last", 18),
    ],
}


@pytest.mark.skipif(not SEED_LOGS.exists(), reason="the logs of the exploded runs are not here")
@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_the_runs_that_exploded_agree_to_four_digits(name):
    scalars = read_run(seed_log(name)).scalars
    for tag, figure, wanted in FIGURES[name]:
        assert getattr(summarize(scalars[tag]), figure) == pytest.approx(wanted, rel=5e-4), (tag, figure)


@pytest.mark.skipif(not SEED_LOGS.exists(), reason="the logs of the exploded runs are not here")
def test_critical_alerts_of_the_runs_that_exploded_are_counted():
    counts = {name: summarize(read_run(seed_log(name)).scalars["alerts/gradient_explosion_critical"]) for name in FIGURES}
    assert [(c.nonzero, c.points) for c in counts.values()] == [(17, 22), (0, 25), (0, 40)]
