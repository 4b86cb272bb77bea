"""Folders with truncated, overwritten or replaced files."""

import os

import numpy as np
import pytest

from av_td3.diagnostics.diagnose import diagnose
from av_td3.diagnostics.gate import Verdict, evaluate_gate
from av_td3.diagnostics.gate_file import read_gate
from av_td3.diagnostics.recorded_run import log_folders, read_run
from av_td3.diagnostics.tags import read_tags
from av_td3.runs.scalars import UnreadableLog
from tests.diagnostics.logs import series
from tests.report.folders import write_run

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
        ("status.json", b'{"state": "done", "step": 5000, "restarts": "abc"}'),
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


def test_episodes_whose_steps_are_in_disorder_are_moved_or_left(tmp_path):
    lengths = series([50.0] * 5, first=0, every=1)
    disorder = series([1.0] * 3)._replace(steps=np.array([0, 9, 2]))
    assert read_scalars({"episode/length": lengths, "reward/x": disorder})["reward/x"] is disorder
    for wrong in (float("nan"), float("inf"), 1e30):
        scalars = {"episode/length": series([5.0, wrong, 7.0], first=0, every=1)}
        assert read_scalars(scalars) == scalars
