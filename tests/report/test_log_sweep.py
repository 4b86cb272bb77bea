"""Sweeps over folders of other programs."""

import csv
from io import StringIO

import pytest
from rich.console import Console

from av_td3.report.sweep import read_sweep, to_csv
from av_td3.report.sweep_plots import sweep_plots
from av_td3.report.sweep_report import print_sweep, write_sweep
from tests.report.folders import write_log, write_run
from tests.report.logs_of_others import ppo, rising


@pytest.fixture
def logs(tmp_path):
    """Logs of PPO at these places, each with the level that its return ends at."""

    def of(**places):
        for place, level in places.items():
            folder = tmp_path / place.replace("__of__", "/")
            write_log(folder, {"rollout/ep_rew_mean": rising(20, high=level), "train/loss": ppo(20)["train/value_loss"]})
        return tmp_path

    return of


def test_logs_at_any_depth_are_runs_and_are_scored_by_their_late_return(logs):
    sweep = read_sweep(logs(a__of__PPO_1=100.0, a__of__PPO_2=110.0, b__of__deep__of__SAC_1=50.0))
    assert [run.name for run in sweep.runs] == ["a/PPO_1", "a/PPO_2", "b/deep/SAC_1"]
    assert {(run.state, run.finished) for run in sweep.runs} == {("logged", True)}
    assert all(run.verdict for run in sweep.runs)
    assert [setting.values for setting in sweep.settings] == [("a/PPO",), ("b/deep/SAC",)]
    assert sweep.settings[0].metric.mean == pytest.approx(92.0, abs=2.0)
    assert sweep.conclusion.startswith("Best by late return: setting=a/PPO (")
    assert "add runs with other seeds" in sweep.conclusion


def test_a_difference_far_above_the_noise_is_called_one(logs):
    places = {f"PPO_{run}": 100.0 + run for run in (1, 2, 3)} | {f"SAC_{run}": 50.0 + run for run in (1, 2, 3)}
    assert "exceeds the noise between seeds" in read_sweep(logs(**places)).conclusion


def test_overrides_of_hydra_are_the_settings(logs):
    folder = logs(**{f"{job}__of__tb": 10.0 * (job + 1) for job in range(4)})
    for job in range(4):
        overrides = folder / str(job) / ".hydra" / "overrides.yaml"
        overrides.parent.mkdir()
        overrides.write_text(f"- optim.lr=0.{job // 2 + 1}\n- train.seed={job % 2}\n- env=cheetah\n")
    sweep = read_sweep(folder)
    assert sweep.keys == ["optim.lr", "train.seed"]
    assert sweep.setting_keys == ["optim.lr"]
    assert sorted((setting.values, len(setting.scores)) for setting in sweep.settings) == [(("0.1",), 2), (("0.2",), 2)]


def test_empty_and_unreadable_runs_beside_others_are_listed_with_the_reason(logs):
    folder = logs(PPO_1=1.0)
    for name in ("PPO_2", "PPO_3", "plots"):
        (folder / name).mkdir()
    (folder / "PPO_3" / "events.out.tfevents.1.host").touch()
    sweep = read_sweep(folder)
    assert [(run.name, run.state) for run in sweep.runs] == [
        ("PPO_1", "logged"),
        ("PPO_2", "unreadable"),
        ("PPO_3", "unreadable"),
    ]
    assert "no TensorBoard event file" in sweep.runs[1].error
    assert "is empty" in sweep.runs[2].error
    assert len(sweep.settings[0].scores) == 1


def test_runs_of_the_same_number_are_in_its_order(logs):
    assert [run.name for run in read_sweep(logs(PPO_10=1.0, PPO_9=1.0, PPO_1=1.0)).runs] == ["PPO_1", "PPO_9", "PPO_10"]


def test_the_folder_may_be_a_log_itself(logs):
    sweep = read_sweep(logs(PPO_1=1.0) / "PPO_1")
    assert ([run.name for run in sweep.runs], sweep.keys) == (["PPO_1"], [])


def test_a_multirun_of_ours_takes_only_its_jobs(tmp_path, logs):
    write_run(tmp_path / "0", {"eval/reward": rising(20)}, ["seed=0"], trajectories=False)
    sweep = read_sweep(logs(PPO_1=1.0))
    assert [(run.name, run.state) for run in sweep.runs] == [("0", "done")]
    assert sweep.metric == "evaluation reward"


def test_scores_of_evaluations_beside_others_are_pointed_out(tmp_path, logs):
    write_log(tmp_path / "PPO_2", {"eval/mean_reward": rising(20)})
    assert read_sweep(logs(PPO_1=1.0)).problems == [
        "1 of 2 runs are scored by their evaluations, the others by training episodes"
    ]


def test_table_page_and_terminal_show_what_the_logs_have(logs, tmp_path):
    sweep = read_sweep(logs(a__of__PPO_1=100.0, b__of__PPO_1=50.0))
    rows = list(csv.DictReader(StringIO(to_csv(sweep))))
    assert [row["run"] for row in rows] == ["a/PPO_1", "b/PPO_1"]
    assert float(rows[0]["late return"]) == pytest.approx(90.0, abs=5.0)
    assert "value loss, late" not in rows[0]  # not logged under a name that says so
    _, html = write_sweep(sweep, tmp_path)
    assert "late return (IQM)" in html.read_text()
    assert sweep_plots(sweep)[0].title == "Late return by setting"
    console = Console(width=150, record=True, quiet=False, file=StringIO())
    print_sweep(console, sweep)
    assert "2 runs: 2 logged" in console.export_text()


def test_different_programs_are_ranked_with_a_reservation(tmp_path, logs):
    alike = logs(PPO_1=100.0, PPO_2=110.0)
    assert "different programs" not in read_sweep(alike).conclusion
    write_log(tmp_path / "own", {"Score": rising(20)})
    assert read_sweep(tmp_path).conclusion.endswith("so their rewards may be in different units.")
