import csv
import json
import re
from io import StringIO

import numpy as np
import pytest

from av_td3.report.sweep import difference, interquartile_mean, interval, read_sweep, short_names, to_csv
from av_td3.report.sweep_plots import in_order, sweep_plots
from av_td3.report.sweep_report import write_sweep
from av_td3.runs.scalars import UnreadableLog
from tests.diagnostics.logs import healthy, series
from tests.report.folders import write_run

NORM, RATE = "algorithm.gradient_clipping.actor_max_norm", "algorithm.actor_lr"


def scored(reward):
    return healthy() | {"eval/reward": series([-3.0, reward], first=2500, every=2500)}


def evaluated(reward):
    """Nothing but evaluations: enough where no verdict is asked for, and written and read in a tenth of the time."""
    return {"eval/reward": series([-3.0, reward], first=2500, every=2500)}


@pytest.fixture
def make(tmp_path):
    """Runs with these overrides and rewards, and optionally a status."""

    def of(*runs, scalars=scored):
        for number, (overrides, reward, *status) in enumerate(runs):
            write_run(tmp_path / str(number), scalars(reward), ["seed=0", *overrides], *status, trajectories=False)
        return read_sweep(tmp_path)

    return of


def test_only_what_differs_is_a_swept_key_and_the_seed_comes_last(make):
    runs = (["seed=1", f"{NORM}=1", "name=same"], 1.0), (["seed=2", f"{NORM}=10", "name=same"], 2.0)
    sweep = make(*runs, scalars=evaluated)
    assert sweep.keys == [NORM, "seed"]
    assert [list(run.settings.values()) for run in sweep.runs] == [["1", "1"], ["10", "2"]]


def test_keys_are_shortened_as_far_as_they_stay_different():
    assert short_names([NORM, RATE]) == ["actor_max_norm", "actor_lr"]
    assert short_names(["a.rate", "b.rate", "c"]) == ["a.rate", "b.rate", "c"]


def test_runs_are_in_the_order_of_their_numbers(make):
    sweep = make(*(([f"{NORM}={i + 1}"], 1.0) for i in range(11)), scalars=evaluated)
    assert [run.folder.name for run in sweep.runs] == [str(i) for i in range(11)]


def test_an_unfinished_job_that_the_scheduler_no_longer_has_is_lost_and_a_finished_one_is_not(make, tmp_path):
    running, queued = {"state": "running", "step": 1200}, {"state": "queued", "step": 0, "overrides": []}
    make(([f"{NORM}=1"], 1.0), ([f"{NORM}=2"], 1.0, running), ([f"{NORM}=3"], 1.0, running), scalars=evaluated)
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "status.json").write_text(json.dumps(queued))
    sweep = read_sweep(tmp_path, {"0": "SLURM: gone", "1": "SLURM: gone", "3": "SLURM: gone"})
    assert [(run.state, run.error) for run in sweep.runs] == [
        ("done", ""),
        ("lost", "SLURM: gone; it was last at step 1200"),
        ("running", ""),
        ("lost", "SLURM: gone; it never started"),
    ]
    assert [row["state"] for row in csv.DictReader(StringIO(to_csv(sweep)))] == ["done", "lost", "running", "lost"]


def test_failed_and_unfinished_runs_are_shown_as_such_and_not_counted(make, tmp_path):
    failed = {"state": "failed", "step": 900, "error": "RunFailed: gave up"}
    running = {"state": "running", "step": 1200}
    sweep = make(
        ([f"{NORM}=1", "seed=0"], 5.0),
        ([f"{NORM}=1", "seed=1"], 50.0, failed),
        ([f"{NORM}=10", "seed=0"], 60.0, running),
    )
    assert [(run.state, run.verdict, run.error) for run in sweep.runs] == [
        ("done", "GO", ""),
        ("failed", "", "RunFailed: gave up"),
        ("running", "", ""),
    ]
    best, other = sweep.settings
    assert (best.values, best.scores, best.verdicts) == (("1",), [5.0], "1 GO, 1 failed")
    assert (other.values, other.scores, other.verdicts) == (("10",), [], "1 running")
    write_sweep(sweep, tmp_path)
    page = (tmp_path / "sweep.html").read_text()
    assert "3 runs: 1 done, 1 failed, 1 running" in page
    assert "RunFailed: gave up" in page


def test_runs_lead_to_their_reports(make, tmp_path):
    make(([f"{NORM}=1"], 1.0), ([f"{NORM}=2"], 2.0), scalars=evaluated)
    (tmp_path / "1" / "report.html").touch()
    (tmp_path / "elsewhere").mkdir()
    for folder, address in ((tmp_path, "1/report.html"), (tmp_path / "elsewhere", "../1/report.html")):
        write_sweep(read_sweep(tmp_path), folder)
        assert re.findall(r'<a href="([^"]*)"', (folder / "sweep.html").read_text()) == [address]


def test_a_run_that_left_no_log_is_shown_with_the_reason(make, tmp_path):
    make(([f"{NORM}=1"], 1.0), ([f"{NORM}=2"], 2.0))
    for path in (tmp_path / "1" / "tensorboard").iterdir():
        path.unlink()
    (tmp_path / "1" / "status.json").unlink()
    run = read_sweep(tmp_path).runs[1]
    assert run.state == "no status"
    assert "no TensorBoard event file" in run.error
    row = list(csv.DictReader(StringIO(to_csv(read_sweep(tmp_path)))))[1]
    assert (row["state"], row["evaluation reward"], row["verdict"]) == ("no status", "", "")


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(UnreadableLog, match="no runs of a sweep"):
        read_sweep(tmp_path)
    with pytest.raises(UnreadableLog, match="no such folder"):
        read_sweep(tmp_path / "nowhere")


# -- statistics --------------------------------------------------------------------------------------------------------


def test_the_interquartile_mean_is_that_of_the_middle_half():
    assert interquartile_mean(np.array([-1000.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1e6])) == 3.5
    assert interquartile_mean(np.array([1.0, 2.0, 6.0])) == 3.0


def test_an_interval_holds_its_mean_and_shrinks_with_more_runs():
    rng = np.random.default_rng(0)
    few, many = (interval(list(rng.normal(10.0, 1.0, size=n))) for n in (5, 100))
    assert few.low <= few.mean <= few.high
    assert many.high - many.low < few.high - few.low
    assert few == interval(list(np.random.default_rng(0).normal(10.0, 1.0, size=5)))


def test_two_runs_have_no_interval():
    assert np.isnan(interval([1.0, 2.0]).low)
    assert np.isnan(difference([1.0, 2.0], [1.0, 2.0, 3.0]).low)


def test_about_95_of_100_intervals_hold_the_truth():
    rng = np.random.default_rng(1)
    held = [low <= 0.0 <= high for _, low, high in (interval(list(rng.normal(size=40))) for _ in range(100))]
    assert 86 <= sum(held) <= 100


def seeds(norm, rewards):
    return [([f"{NORM}={norm}", f"seed={seed}"], reward) for seed, reward in enumerate(rewards)]


def test_a_difference_far_above_the_noise_is_called_one(make):
    conclusion = make(*seeds("1", [10.0, 11.0, 12.0]), *seeds("10", [1.0, 2.0, 3.0]), scalars=evaluated).conclusion
    assert "actor_max_norm=1 (11), then actor_max_norm=10 (2)" in conclusion
    assert "exceeds the noise between seeds" in conclusion


def test_a_difference_within_the_noise_is_not(make):
    conclusion = make(*seeds("1", [1.0, 6.0, 12.0]), *seeds("10", [2.0, 5.0, 11.0]), scalars=evaluated).conclusion
    assert "does not exceed the noise between seeds" in conclusion


def test_one_run_of_each_says_nothing_about_noise(make):
    assert (
        "cannot be distinguished from noise: add seeds"
        in make(*seeds("1", [9.0]), *seeds("10", [1.0]), scalars=evaluated).conclusion
    )


# -- figures -----------------------------------------------------------------------------------------------------------


def test_values_on_axes_are_ordered_by_size():
    assert in_order(["40", "off", "1e-3", "5", "40"]) == ["1e-3", "5", "40", "off"]


@pytest.mark.parametrize(
    ("keys", "titles"),
    [
        ([], ["Evaluation reward"]),
        ([NORM], [f"Evaluation reward by {NORM}"]),
        ([NORM, RATE], ["Evaluation reward"]),
        ([NORM, RATE, "clipping"], ["Evaluation reward with clipping=off", "Evaluation reward with clipping=actor1_critic10"]),
    ],
)
def test_a_figure_that_suits_the_number_of_keys(make, keys, titles):
    values = {NORM: ("1", "10"), RATE: ("1e-4", "1e-3"), "clipping": ("off", "actor1_critic10")}
    combinations = [[]]
    for key in keys:
        combinations = [[*chosen, f"{key}={value}"] for chosen in combinations for value in values[key]]
    runs = [([*chosen, f"seed={seed}"], float(seed)) for chosen in combinations for seed in (0, 1)]
    plots = sweep_plots(make(*runs, scalars=evaluated))
    assert [plot.title for plot in plots] == titles
    assert all(plot.svg.startswith("<svg") for plot in plots)


def test_the_heat_map_says_the_score_and_what_became_of_the_runs(make):
    sweep = make(*(([f"{NORM}={norm}", f"{RATE}={rate}"], 7.25) for norm in ("1", "10") for rate in ("1e-4", "1e-3")))
    assert sweep_plots(sweep)[0].svg.count("1 GO") == 4
