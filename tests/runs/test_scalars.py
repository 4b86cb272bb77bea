import os
import time

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto
from torch.utils.tensorboard import SummaryWriter

from av_td3.runs.scalars import UnreadableLog, read_log
from tests.diagnostics.seed_logs import SEED_LOGS, seed_log


def write(folder, points, start=1000, **more):
    """Write the event file of a program that started at second ``start``. ``points`` are (tag, step, value)."""
    folder.mkdir(exist_ok=True)
    path = folder / f"events.out.tfevents.{start}.host.1.0"
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=start, file_version="brain.Event:2").SerializeToString())
        for tag, step, value in points:
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            writer.write(Event(wall_time=start, step=step, summary=summary).SerializeToString())
        if "restart_from" in more:
            log = SessionLog(status=SessionLog.START)
            writer.write(Event(step=more["restart_from"], session_log=log).SerializeToString())
    return path


def content(folder):
    scalars, problems = read_log(folder)[:2]
    return {t: list(zip(s.steps.tolist(), s.values.tolist(), strict=True)) for t, s in scalars.items()}, problems


def test_what_was_written_is_read(tmp_path):
    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(5):
            writer.add_scalar("a/b", step / 2, step * 10)
        writer.add_scalar("c", float("nan"), 3)
        writer.add_histogram("not/a/scalar", np.arange(5.0), 0)
    scalars, problems = read_log(tmp_path)[:2]
    assert sorted(scalars) == ["a/b", "c"]
    assert scalars["a/b"].steps.tolist() == [0, 10, 20, 30, 40]
    assert scalars["a/b"].values.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert np.isnan(scalars["c"].values).all()
    assert problems == []


def test_scalars_that_tensorflow_2_writes_as_tensors_are_read(tmp_path):
    path = tmp_path / "events.out.tfevents.1.host"
    with path.open("wb") as file:
        for step in (1, 2):
            value = Summary.Value(tag="loss", tensor=make_tensor_proto(float(step)))
            if step == 1:  # only the first says what it is
                value.metadata.plugin_data.plugin_name = "scalars"
            other = Summary.Value(tag="text", tensor=make_tensor_proto("words"))
            RecordWriter(file).write(Event(step=step, summary=Summary(value=[value, other])).SerializeToString())
    assert content(tmp_path) == ({"loss": [(1, 1.0), (2, 2.0)]}, [])


def test_the_files_of_a_resumed_run_are_stitched(tmp_path):
    write(tmp_path, [("loss", s, 1.0) for s in (10, 20, 30, 40)] + [("eval", 25, 5.0)], start=999)
    write(tmp_path, [("loss", s, 2.0) for s in (30, 40, 50)], start=1000)
    write(tmp_path, [("loss", 50, 3.0), ("loss", 60, 3.0)], start=10000)
    found, _ = content(tmp_path)
    assert found["loss"] == [(10, 1.0), (20, 1.0), (30, 2.0), (40, 2.0), (50, 3.0), (60, 3.0)]
    assert found["eval"] == [(25, 5.0)]


def test_a_session_that_says_where_it_starts_replaces_all_tags_from_there(tmp_path):
    write(tmp_path, [("loss", 10, 1.0), ("loss", 30, 1.0), ("eval", 5, 1.0), ("eval", 28, 1.0)], start=1)
    write(tmp_path, [("loss", 27, 2.0)], start=2, restart_from=26)
    assert content(tmp_path)[0] == {"loss": [(10, 1.0), (27, 2.0)], "eval": [(5, 1.0)]}


def test_a_file_that_is_cut_off_is_read_up_to_there_and_said_so(tmp_path):
    path = write(tmp_path, [("loss", s, 1.0) for s in range(100)])
    whole = path.stat().st_size
    os.truncate(path, whole - 7)
    found, problems = content(tmp_path)
    assert len(found["loss"]) == 99
    assert len(problems) == 1
    assert "truncated or damaged" in problems[0]
    assert f"of {whole - 7} bytes" in problems[0]


def test_a_flipped_byte_ends_the_reading_there(tmp_path):
    path = write(tmp_path, [("loss", s, 1.0) for s in range(100)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)
    found, problems = content(tmp_path)
    assert 30 < len(found["loss"]) < 70
    assert "truncated or damaged" in problems[0]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("events.out.tfevents.1.host", b"", "is empty"),
        ("events.out.tfevents.1.host", b"this is no event file at all", "the last 28 of 28 bytes"),
        ("notes.txt", b"hello", "no TensorBoard event file"),
    ],
)
def test_a_folder_without_scalars_is_refused_by_name(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableLog, match=words) as caught:
        read_log(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_file_beside_a_good_one_does_no_harm(tmp_path):
    write(tmp_path, [("loss", 1, 1.0)])
    (tmp_path / "events.out.tfevents.2.host").touch()
    assert content(tmp_path) == ({"loss": [(1, 1.0)]}, ["events.out.tfevents.2.host is empty"])


@pytest.mark.skipif(not SEED_LOGS.exists(), reason="the logs of the exploded runs are not here")
def test_a_log_of_155_kb_is_read_in_a_moment():
    began = time.monotonic()
    assert len(read_log(seed_log("20251113-132842")).scalars) == 39
    assert time.monotonic() - began < 3.0
