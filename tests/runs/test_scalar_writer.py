"""Event files, as TensorBoard reads them and compared with those of PyTorch's writer."""

import math
import threading

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer import event_file_writer
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard import SummaryWriter

from av_td3.runs.scalars import ScalarWriter

VALUES = {"a/b": 0.1, "c": -3.0, "large": 1e300, "small": 1e-45, "nan": math.nan, "infinite": -math.inf, "whole": 7}


def read(folder):
    """All scalars, as TensorBoard shows them."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def records(folder):
    """The bytes of all events of a folder without their time, by file in the order of writing."""
    files = sorted(folder.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return [[without_clock(record) for record in RawEventFileLoader(str(path)).Load()] for path in files]


def without_clock(record):
    event = Event.FromString(record)
    assert event.wall_time > 1e9
    event.ClearField("wall_time")
    return event.SerializeToString(deterministic=True)


def test_every_record_is_that_of_pytorchs_writer_also_after_a_resume(tmp_path):
    def ours(first_step, steps):
        writer = ScalarWriter(tmp_path / "ours", first_step)
        for step in steps:
            writer.write(VALUES, step)
        writer.close()

    def theirs(purge_step, steps):
        writer = SummaryWriter(str(tmp_path / "theirs"), flush_secs=10, purge_step=purge_step)
        for step in steps:
            for tag, value in VALUES.items():
                writer.add_scalar(tag, value, step)
        writer.close()

    ours(1, [0, 5, 10])
    ours(6, [6, 11])
    theirs(None, [0, 5, 10])
    theirs(6, [6, 11])
    assert records(tmp_path / "ours") == records(tmp_path / "theirs")
    assert len(records(tmp_path / "ours")) == 2


def test_tensorboard_forgets_what_was_written_from_the_first_step_of_a_resumed_run_on(tmp_path):
    writer = ScalarWriter(tmp_path)
    for step in (10, 20, 30):
        writer.write({"loss": float(step)}, step)
    writer.write({"eval": 5.0}, 25)
    writer.close()
    assert read(tmp_path) == {"loss": [(10, 10.0), (20, 20.0), (30, 30.0)], "eval": [(25, 5.0)]}
    writer = ScalarWriter(tmp_path, first_step=21)
    writer.write({"loss": 0.0}, 24)
    writer.close()
    found = read(tmp_path)
    assert found["loss"] == [(10, 10.0), (20, 20.0), (24, 0.0)]
    assert found.get("eval", []) == []


def test_a_new_folder_purges_nothing(tmp_path):
    writer = ScalarWriter(tmp_path / "new" / "folder", first_step=9)
    writer.write({"loss": 1.0}, 3)
    writer.close()
    assert read(tmp_path / "new" / "folder") == {"loss": [(3, 1.0)]}


def test_what_was_flushed_is_on_disk(tmp_path):
    writer = ScalarWriter(tmp_path)
    for step in range(100):
        writer.write({"loss": 1.0}, step)
    writer.flush()
    assert len(read(tmp_path)["loss"]) == 100
    writer.close()


def test_a_disk_that_is_full_is_said_by_the_next_flush_and_by_close(tmp_path, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda failed: None)
    writer = ScalarWriter(tmp_path)

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RecordWriter, "write", full)
    writer.write({"loss": 1.0}, 1)
    with pytest.raises(OSError, match="No space left"):
        writer.flush()
    with pytest.raises(OSError, match="No space left"):
        writer.close()


def test_weights_and_biases_learns_which_folder_to_mirror(tmp_path, monkeypatch):
    """``wandb.init(sync_tensorboard=True)`` replaces the class in TensorBoard's module for writers created later."""
    folders = []

    class Notifying(event_file_writer.EventFileWriter):
        def __init__(self, logdir, *args, **kwargs):
            folders.append(logdir)
            super().__init__(logdir, *args, **kwargs)

    monkeypatch.setattr(event_file_writer, "EventFileWriter", Notifying)
    writer = ScalarWriter(tmp_path)
    writer.write({"loss": 1.0}, 3)
    writer.close()
    assert folders == [str(tmp_path)]
    assert read(tmp_path) == {"loss": [(3, 1.0)]}
