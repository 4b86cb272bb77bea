"""The tables of other programs."""

import json
import time

import numpy as np
import pytest

from av_td3.runs.csv_log import read_table
from av_td3.runs.scalars import UnreadableLog, read_log, read_runs
from tests.runs.event_files import write_curves

STABLE_BASELINES3 = """\
rollout/ep_rew_mean,time/total_timesteps,train/actor_loss,train/n_updates
-10.5,400,,
-9.5,800,-1.25,700
,1200,nan,1100
"""
LIGHTNING = "epoch,step,train_loss,val_loss\n0,49,0.5,\n0,49,,0.7\n1,99,0.25,\n1,99,,0.6\n"
DRQV2_TRAIN = "buffer_size,episode,episode_length,episode_reward,fps,frame,step,total_time\n" + "".join(
    f"{n},{n / 500},500.0,{n / 1000},45.5,{2 * n},{n},{n / 50}\n" for n in (500, 1000, 1500)
)
DRQV2_EVAL = "episode,episode_reward,frame,step\n0,1.0,0,0\n2,5.0,2000,1000\n"
SPINNING_UP = "Epoch\tAverageEpRet\tTotalEnvInteracts\tLossPi\n1\t-100\t4000\t0.5\n2\t-90.5\t8000\t0.25\n"
RLLIB = (
    "date,done,episode_reward_mean,num_env_steps_sampled,timesteps_total,training_iteration,time_this_iter_s\n"
    "2026-01-01_10-00-00,False,20.5,0,4000,1,3.5\n2026-01-01_10-01-00,True,21.5,0,8000,2,3.5\n"
)
WANDB_EXPORT = (
    '"Step","td3, seed - 1 - losses/qf_loss","td3, seed - 1 - losses/qf_loss__MIN","td3, seed - 1 - losses/qf_loss__MAX"\n'
    '"0","1.5","1.0","2.0"\n"10","0.5","0.5","0.5"\n'
)
DREAMER = '{"step": 100, "episode/score": 5.0}\n{"step": 200, "train/loss": NaN}\n{"step": 300, "episode/score": 7}\n'


def points(log, tag):
    series = log.scalars[tag]
    return list(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def table(tmp_path, text, name="progress.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text", "tag", "expected"),
    [
        ("progress.csv", STABLE_BASELINES3, "rollout/ep_rew_mean", [(400, -10.5), (800, -9.5)]),
        ("progress.csv", STABLE_BASELINES3, "train/n_updates", [(800, 700.0), (1200, 1100.0)]),
        ("metrics.csv", LIGHTNING, "train_loss", [(49, 0.5), (99, 0.25)]),
        ("metrics.csv", LIGHTNING, "epoch", [(49, 0.0), (49, 0.0), (99, 1.0), (99, 1.0)]),
        ("train.csv", DRQV2_TRAIN, "train/episode_reward", [(1000, 0.5), (2000, 1.0), (3000, 1.5)]),
        ("train.csv", DRQV2_TRAIN, "train/step", [(1000, 500.0), (2000, 1000.0), (3000, 1500.0)]),
        ("eval.csv", DRQV2_EVAL, "eval/episode_reward", [(0, 1.0), (2000, 5.0)]),
        ("progress.txt", SPINNING_UP, "AverageEpRet", [(4000, -100.0), (8000, -90.5)]),
        ("progress.txt", SPINNING_UP, "Epoch", [(4000, 1.0), (8000, 2.0)]),
        ("progress.csv", RLLIB, "episode_reward_mean", [(4000, 20.5), (8000, 21.5)]),
        ("progress.csv", RLLIB, "done", [(4000, 0.0), (8000, 1.0)]),
        ("history.csv", WANDB_EXPORT, "losses/qf_loss", [(0, 1.5), (10, 0.5)]),
        ("metrics.jsonl", DREAMER, "episode/score", [(100, 5.0), (300, 7.0)]),
        (
            "progress.json",
            '{"time/total_timesteps": 256, "train/loss": 0.5}\n{"time/total_timesteps": 512, "train/loss": 0.25}',
            "train/loss",
            [(256, 0.5), (512, 0.25)],
        ),
        ("wandb-history.jsonl", '{"_step": 0, "a": 1}\n{"_step": 5, "a": "NaN"}\n{"_step": 9, "a": 2}', "a", None),
    ],
)
def test_the_tables_of_other_programs_are_found_and_read(tmp_path, name, text, tag, expected):
    table(tmp_path, text, name)
    log = read_log(tmp_path)
    if expected is None:
        assert log.scalars[tag].steps.tolist() == [0, 5, 9]
        np.testing.assert_array_equal(log.scalars[tag].values, [1.0, np.nan, 2.0])
    else:
        assert points(log, tag) == expected
    assert (log.problems, log.files, log.part) == ([], (name,), "")
    assert all(series.steps.dtype == np.int64 and series.values.dtype == np.float64 for series in log.scalars.values())


def test_the_column_of_steps_and_columns_of_text_are_no_series(tmp_path):
    (log,) = read_table(table(tmp_path, RLLIB))
    expected = ["done", "episode_reward_mean", "num_env_steps_sampled", "time_this_iter_s", "training_iteration"]
    assert sorted(log.scalars) == expected
    (log,) = read_table(table(tmp_path, WANDB_EXPORT))
    assert list(log.scalars) == ["losses/qf_loss"]


def test_train_and_eval_of_one_folder_are_one_log(tmp_path):
    table(tmp_path, DRQV2_TRAIN, "train.csv")
    table(tmp_path, DRQV2_EVAL.replace("episode_reward", "eval/reward"), "eval.csv")
    (log,) = read_runs(tmp_path)
    assert {"train/episode_reward", "eval/reward", "eval/episode", "train/episode"} <= log.scalars.keys()
    assert log.files == ("train.csv", "eval.csv")


def test_a_step_column_without_a_name_that_is_known_leaves_the_number_of_the_row(tmp_path):
    (log,) = read_table(table(tmp_path, "loss,reward\n1,5\n2,\n3,7\n"))
    assert points(log, "reward") == [(0, 5.0), (2, 7.0)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n", b'#{"t_start": 0.5, "env_id": 1}\n'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_line_ends_and_comments(tmp_path, delimiter, start, end):
    rows = ["step,loss,b", "1,0.5,-inf", "2,1e-3, 7", ""]
    text = end.join(rows).replace(",", delimiter)
    (log,) = read_table(table(tmp_path, start + text.encode()))
    assert points(log, "loss") == [(1, 0.5), (2, 0.001)]
    assert points(log, "b") == [(1, -np.inf), (2, 7.0)]


def test_damage_costs_lines_and_never_the_rest(tmp_path):
    rows = ["step,loss,name", "1,0.5,a", "2,oops,b", "3,0.5", "4,0.5,c,9", "5,\0 0.25,d", "6,,e", "7,0.125"]
    (log,) = read_table(table(tmp_path, "\n".join(rows)))
    assert points(log, "loss") == [(1, 0.5), (5, 0.25)]
    assert log.problems == [
        "progress.csv: skipped 3 damaged row(s)",
        "progress.csv: skipped 1 cell(s) of loss that are not numbers",
    ]


def test_damaged_lines_of_json(tmp_path):
    lines = [
        '{"step": 1, "loss": 1, "nested": {"q": 2}}',
        '{"step": 2, "lo',
        "[" * 100_000,
        "5",
        "",
        '{"step": 3, "loss": true}',
    ]
    lines += [json.dumps({"step": 4, "loss": "text", "image": {"_type": "image-file", "size": 3}, "list": [1.0], "none": None})]
    lines += ['{"step": 5, "loss": ' + "9" * 400 + "}"]
    (log,) = read_table(table(tmp_path, "\n".join(lines), "any.jsonl"))
    assert points(log, "loss") == [(1, 1.0), (3, 1.0)]
    assert points(log, "nested/q") == [(1, 2.0)]
    assert sorted(log.scalars) == ["loss", "nested/q"]
    assert log.problems == [
        "any.jsonl: skipped 3 damaged line(s)",
        "any.jsonl: skipped 1 cell(s) of loss that are not numbers",
    ]


def test_a_name_with_a_line_break_makes_no_second_line(tmp_path):
    (log,) = read_table(table(tmp_path, '{"a\\nb": 1}\n{"a\\nb": 2}\n{"a\\nb": "text"}\n', "any.jsonl"))
    assert log.problems == ["any.jsonl: skipped 1 cell(s) of a b that are not numbers"]


def test_a_quote_that_is_never_closed_loses_rows_only(tmp_path):
    rows = ["step,loss", *(f"{n},{n}" for n in range(100)), '100,"1', *(f"{n},{n}" for n in range(101, 50_000))]
    (log,) = read_table(table(tmp_path, "\n".join(rows)))
    assert len(log.scalars["loss"].steps) >= 100
    assert len(log.problems) == 1


def test_a_header_that_a_resumed_program_repeats_is_no_damage(tmp_path):
    (log,) = read_table(table(tmp_path, "step,loss\n1,0.5\nstep,loss\n2,0.25\n"))
    assert points(log, "loss") == [(1, 0.5), (2, 0.25)]
    assert log.problems == []


def test_steps_that_go_back_are_sorted_and_said_so(tmp_path):
    steps = [*range(50), 30, *range(50, 100)]
    (log,) = read_table(table(tmp_path, "step,loss\n" + "".join(f"{step},{n}\n" for n, step in enumerate(steps))))
    assert log.scalars["loss"].steps.tolist() == sorted(steps)
    assert log.scalars["loss"].values[30:32].tolist() == [30.0, 50.0]
    assert log.problems == ["progress.csv: step goes back 1 time(s); the rows are sorted by it"]


def test_columns_of_the_same_name_are_read_once(tmp_path):
    (log,) = read_table(table(tmp_path, ",step,loss,loss\n0,1,0.5,7\n1,2,0.25,7\n"))
    assert points(log, "loss") == [(1, 0.5), (2, 0.25)]
    assert "" not in log.scalars
    assert log.problems == ["progress.csv: several columns are named loss; read is the first"]


def test_an_export_of_several_runs_gives_each_of_them(tmp_path):
    tags = [
        f"{run} - {tag}{bound}" for run in ("a", "b - 2") for tag in ("charts/global_step", "loss") for bound in ("", "__MIN")
    ]
    rows = [",".join(["global_step", *tags]), "0,0,0,1,1,,,,", "10,10,10,2,2,10,10,3,3", "20,,,,,20,20,4,4"]
    path = table(tmp_path, "\n".join(rows), "wandb_export.csv")
    first, second = read_runs(path)
    assert (first.part, points(first, "loss")) == ("a", [(0, 1.0), (10, 2.0)])
    assert (second.part, points(second, "loss")) == ("b - 2", [(10, 3.0), (20, 4.0)])
    assert sorted(second.scalars) == ["charts/global_step", "loss"]
    assert read_log(path).problems == [
        "2 runs share this table (up to step 10 and 20); judged is b - 2; pass a table of one run to choose another"
    ]


@pytest.mark.parametrize("name", ["metrics.jsonl", "progress.csv"])
def test_runs_that_were_appended_to_one_table_are_told_apart(tmp_path, name):
    rows = [(step, run) for run, last in ((1, 1000), (2, 990), (3, 60)) for step in range(0, last, 10)]
    if name == "metrics.jsonl":
        table(tmp_path, "".join(f'{{"step": {step}, "loss": {run}}}\n' for step, run in rows), name)
    else:
        table(tmp_path, "step,loss\n" + "".join(f"{step},{run}\n" for step, run in rows), name)
    runs = read_runs(tmp_path)
    assert [(run.part, set(run.scalars["loss"].values), run.scalars["loss"].steps[-1]) for run in runs] == [
        ("run 1", {1.0}, 990),
        ("run 2", {2.0}, 980),
        ("run 3", {3.0}, 50),
    ]
    assert read_log(tmp_path).problems == [
        "3 runs share this table (up to step 990, 980 and 50); judged is run 2; pass a table of one run to choose another"
    ]


def test_runs_that_were_appended_to_a_pair_of_tables_are_joined_in_order(tmp_path):
    for name, every in (("train.csv", 10), ("eval.csv", 50)):
        rows = [(step, run) for run in (1, 2) for step in range(0, 501, every)]
        table(tmp_path, "frame,reward\n" + "".join(f"{step},{run}\n" for step, run in rows), name)
    runs = read_runs(tmp_path)
    assert [run.part for run in runs] == ["run 1", "run 2"]
    assert [set(run.scalars["train/reward"].values) | set(run.scalars["eval/reward"].values) for run in runs] == [{1.0}, {2.0}]


def test_a_step_that_starts_again_in_every_episode_is_not_the_step_of_training(tmp_path):
    rows = "".join(f"{episode},{step},1\n" for episode in range(20) for step in range(30))
    (log,) = read_table(table(tmp_path, "episode,step,reward\n" + rows))
    assert log.scalars["reward"].steps[-1] == 19
    assert "step" in log.scalars


def test_event_files_come_before_tables_unless_they_hold_no_scalars(tmp_path):
    table(tmp_path, STABLE_BASELINES3)
    path = write_curves(tmp_path, ["loss"], range(3))
    assert list(read_log(tmp_path).scalars) == ["loss"]
    path.write_bytes(b"")
    log = read_log(tmp_path)
    assert "rollout/ep_rew_mean" in log.scalars
    assert len(log.problems) == 1
    assert f"{path.name} is empty" in log.problems[0]


def test_a_table_without_numbers_gives_way_to_the_next(tmp_path):
    table(tmp_path, "step,loss\n")
    table(tmp_path, LIGHTNING, "metrics.csv")
    table(tmp_path, LIGHTNING, "history.csv")
    log = read_log(tmp_path)
    assert log.files == ("metrics.csv",)
    assert "progress.csv: no table with numbers" in log.problems[0]
    assert log.problems[1:] == ["history.csv is ignored; read is metrics.csv"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", b"", "no table with numbers"),
        ("a.tsv", b"step\tloss\n", "no table with numbers"),
        ("a.txt", b"hello\nworld\n", "no table with numbers"),
        ("a.csv", bytes(range(256)) * 100, "no table with numbers"),
        ("a.csv", b"1,2\n3,4\n", "the first row holds numbers"),
        ("a.jsonl", b"{}\n{\n", "skipped 1 damaged line"),
    ],
)
def test_what_is_no_log_is_refused_in_one_line_by_name(tmp_path, name, text, words):
    path = table(tmp_path, text, name)
    with pytest.raises(UnreadableLog, match=words) as caught:
        read_log(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_that_cannot_be_opened_is_unreadable(tmp_path):
    with pytest.raises(UnreadableLog, match=r"nowhere\.csv: No such file"):
        read_table(tmp_path / "nowhere.csv")


def test_a_large_table_is_read_in_a_moment(tmp_path):
    row = ",".join(["0.123456789"] * 19)
    text = ",".join(["step", *(f"train/{n}" for n in range(19))]) + "\n" + "".join(f"{n},{row}\n" for n in range(25_000))
    path = table(tmp_path, text)  # 6 MB
    began = time.process_time()
    (log,) = read_table(path)
    assert time.process_time() - began < 3.0
    assert len(log.scalars["train/7"].steps) == 25_000
