"""Folders with truncated, overwritten or replaced files."""

import os

import numpy as np
import pytest

from av_td3.diagnostics.diagnose import diagnose
from av_td3.diagnostics.gate import Verdict, evaluate_gate
from av_td3.diagnostics.gate_file import read_gate
from av_td3.diagnostics.recorded_run import log_folders, read_log_folder, read_log_runs, read_run
from av_td3.diagnostics.tags import read_tags
from av_td3.runs.scalars import UnreadableLog
from tests.diagnostics.logs import series
from tests.report.folders import write_log, write_run
from tests.runs.event_files import write_curves

BINARY = bytes(range(256))


def read_scalars(logged):
    return read_tags(logged).scalars


def replaced(path, content):
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "folder":
        path.mkdir()
    elif content == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(("config.yaml", content) for content in (b"- 1\n", b"5\n", b"a: [", b"a: &a [*a]\n", BINARY)),
        ("config.yaml", b"algorithm: {batch_size: many, critics: two}\n"),
        ("config.yaml", b"algorithm: {batch_size: '${nowhere}'}\n"),
        *(("status.json", content) for content in (b"", b"garbage", b"[]", b"null", b"[" * 100_000, BINARY)),
        ("status.json", b'{"state": 5}'),
        ("status.json", b'{"state": "done", "step": "x"}'),
        ("status.json", b'{"state": "done", "step": 20000, "restarts": "abc"}'),
        *((name, kind) for name in ("config.yaml", "status.json") for kind in ("folder", "pipe", "loop")),
    ],
)
def test_a_run_whose_config_or_status_is_damaged_is_read_but_never_go(tmp_path, name, content):
    folder = write_run(tmp_path / "run")
    assert evaluate_gate(read_run(folder), read_gate("validation_5k")).verdict is Verdict.GO
    replaced(folder / name, content)
    run = read_run(folder)
    diagnose(run)
    gate_result = evaluate_gate(run, read_gate("validation_5k"))
    assert gate_result.verdict is Verdict.INVESTIGATE
    assert any(c.name == "config and status" and c.verdict is Verdict.INVESTIGATE for c in gate_result.criteria)
    assert run.problems[0].startswith(name)
    assert all("\n" not in problem for problem in run.problems)


def beside(folder, kind):
    path = folder / "tensorboard" / "events.out.tfevents.\N{SUPERSCRIPT TWO}.host"
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "loop": lambda: path.symlink_to(path), "empty": path.touch}[kind]()
    return path.name


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "empty"])
def test_what_only_looks_like_an_event_file_costs_a_line(tmp_path, kind):
    folder = write_run(tmp_path / "run")
    name = beside(folder, kind)
    run = read_run(folder)
    assert evaluate_gate(run, read_gate("validation_5k")).verdict is Verdict.GO
    assert run.problems == [f"{name} is {'empty' if kind == 'empty' else 'not a regular file'}"]


def test_a_folder_that_holds_no_event_file_is_refused_whatever_its_name(tmp_path):
    (tmp_path / "events.out.tfevents.1.host").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    with pytest.raises(UnreadableLog, match="no TensorBoard event file there or below"):
        log_folders(tmp_path, [])


TAGS = ("losses/actor_loss", "charts/episodic_return")


def test_logs_without_scalars_are_passed_over_if_one_remains(tmp_path):
    write_curves(tmp_path, [], [])
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "events.out.tfevents.1.host").touch()
    write_curves(tmp_path / "b", TAGS, range(10))
    run = read_run(tmp_path)
    assert run.folder == tmp_path / "b"
    assert run.problems == [f"{tmp_path}: passed over, no scalars", f"{tmp_path / 'a'}: passed over, no scalars"]


def test_several_logs_are_named_if_they_are_few(tmp_path):
    write_curves(tmp_path, [], [])
    for name in "cab":
        write_curves(tmp_path / name, TAGS, range(10))
    with pytest.raises(UnreadableLog) as caught:
        read_run(tmp_path)
    assert str(caught.value) == f"{tmp_path}: contains 3 logs; choose one: {tmp_path}/a, {tmp_path}/b, {tmp_path}/c"
    for name in "defgh":
        write_curves(tmp_path / name, TAGS, range(10))
    with pytest.raises(UnreadableLog, match=f"contains 8 logs; choose one, for example {tmp_path}/a$"):
        read_run(tmp_path)


def test_logs_of_which_none_holds_scalars_are_refused(tmp_path):
    for name in "ab":
        write_curves(tmp_path / name, [], [])
    with pytest.raises(UnreadableLog, match="contains 2 logs, none with scalars"):
        read_run(tmp_path)


def test_each_run_of_a_shared_folder_can_be_read(tmp_path):
    for second, last in ((1, 100), (2, 100), (3, 10)):
        write_curves(tmp_path, TAGS, range(last), second=second, value=float(second))
    runs = read_log_runs(tmp_path)
    assert [run.part for run in runs] == [f"events.out.tfevents.{second}.host.1" for second in (1, 2, 3)]
    assert [run.values("train/actor_loss")[0] for run in runs] == [1.0, 2.0, 3.0]
    assert {run.folder for run in runs} == {tmp_path}
    judged = read_log_folder(tmp_path)
    assert (judged.part, judged.values("train/actor_loss")[0]) == (runs[1].part, 2.0)
    assert judged.problems[0].startswith("3 runs share this folder")


def test_the_only_run_of_a_folder_has_no_part(tmp_path):
    folder = write_run(tmp_path / "run")
    (run,) = read_log_runs(folder / "tensorboard")
    assert (run.part, run.folder) == ("", folder)
    assert run.config


def test_a_table_is_read_as_a_run_in_a_folder_and_by_its_path(tmp_path):
    (tmp_path / "progress.csv").write_text("time/total_timesteps,rollout/ep_rew_mean\n100,1.5\n200,2.5\n")
    for path in (tmp_path, tmp_path / "progress.csv"):
        run = read_run(path)
        assert run.folder == path
        assert run.series("episode/reward").steps.tolist() == [100, 200]


def test_episodes_whose_steps_are_in_disorder_are_moved_or_left(tmp_path):
    lengths = series([50.0] * 5, first=0, every=1)
    disorder = series([1.0] * 3)._replace(steps=np.array([0, 9, 2]))
    assert read_scalars({"episode/length": lengths, "reward/x": disorder})["reward/x"] is disorder
    for wrong in (float("nan"), float("inf"), 1e30):
        scalars = {"episode/length": series([5.0, wrong, 7.0], first=0, every=1)}
        assert read_scalars(scalars) == scalars


@pytest.mark.parametrize(
    ("config", "ours"),
    [(None, False), ("algo: ppo\nseed: 1\n", False), ("gate: {max_q: 100}\n", True), ("a: [", True), ("", True)],
)
def test_a_config_of_another_program_does_not_make_its_log_a_run_of_ours(tmp_path, config, ours):
    write_log(tmp_path / "tensorboard", {"rollout/ep_rew_mean": series(np.linspace(0.0, 9.0, 20))})
    if config is not None:
        (tmp_path / "config.yaml").write_text(config)
    run = read_run(tmp_path)
    assert run.ours is ours
    assert run.has("episode/reward") is not ours
