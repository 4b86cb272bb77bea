import struct

import pytest
from tensorboard.compat.proto import types_pb2 as types
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

from av_td3.runs.scalars import read_log


def tensor(dtype, shape=(), **values):
    dimensions = [TensorShapeProto.Dim(size=size) for size in shape]
    return TensorProto(dtype=dtype, tensor_shape=TensorShapeProto(dim=dimensions), **values)


def scalar(tag, number, step=1):
    return Event(step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=number)]))


def read(folder, *events):
    """Read an event file with these records: events, or raw bytes with a valid checksum."""
    with (folder / "events.out.tfevents.1.host").open("wb") as file:
        for event in events:
            RecordWriter(file).write(event if isinstance(event, bytes) else event.SerializeToString())
    scalars, problems = read_log(folder)[:2]
    return {tag: series.values.tolist() for tag, series in scalars.items()}, problems


def logged(folder, content):
    """Read a tensor that claims to be a scalar, together with a valid scalar."""
    value = Summary.Value(tag="loss", tensor=content)
    value.metadata.plugin_data.plugin_name = "scalars"
    return read(folder, Event(step=5, summary=Summary(value=[value])), scalar("other", 1.0))


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (tensor(types.DT_FLOAT, float_val=[2.5]), 2.5),
        (tensor(types.DT_FLOAT, (1,), float_val=[2.5]), 2.5),
        (tensor(types.DT_FLOAT, (1, 1), float_val=[2.5]), 2.5),
        (tensor(types.DT_FLOAT, tensor_content=struct.pack("<f", 2.5)), 2.5),
        (tensor(types.DT_DOUBLE, (1,), tensor_content=struct.pack("<d", 1e300)), 1e300),
        (tensor(types.DT_DOUBLE, double_val=[1e300]), 1e300),
        (tensor(types.DT_INT32, int_val=[-7]), -7.0),
        (tensor(types.DT_INT64, int64_val=[1 << 40]), float(1 << 40)),
        (tensor(types.DT_BOOL, bool_val=[True]), 1.0),
        (tensor(types.DT_HALF, half_val=[0x4100]), 2.5),
        (tensor(types.DT_BFLOAT16, half_val=[0x4020]), 2.5),
        (tensor(types.DT_BFLOAT16, tensor_content=b"\x20\x40"), 2.5),
    ],
)
def test_a_tensor_that_holds_one_number_is_a_scalar(tmp_path, content, number):
    assert logged(tmp_path, content) == ({"loss": [number], "other": [1.0]}, [])


@pytest.mark.parametrize(
    "content",
    [
        tensor(types.DT_FLOAT, (65,), float_val=[1.0] * 65),
        tensor(types.DT_FLOAT, (65,), float_val=[1.0]),
        tensor(types.DT_FLOAT, (2, 2), float_val=[1.0] * 4),
        tensor(types.DT_FLOAT, (2,), float_val=[1.0] * 3),
        tensor(types.DT_FLOAT, (2,), tensor_content=struct.pack("<f", 2.5)),
        tensor(types.DT_FLOAT, (-5,), float_val=[1.0]),
        tensor(types.DT_FLOAT, (0,)),
        tensor(types.DT_FLOAT, (10**12,), float_val=[1.0]),
        tensor(types.DT_FLOAT, (1 << 62, 1 << 62), float_val=[1.0]),
        tensor(types.DT_FLOAT),
        tensor(types.DT_FLOAT, tensor_content=b"abc"),
        tensor(types.DT_FLOAT, double_val=[1.0]),
        tensor(types.DT_HALF, half_val=[-1]),
        tensor(types.DT_STRING, string_val=[b"3.5"]),
        tensor(types.DT_COMPLEX64, scomplex_val=[1.0, 2.0]),
        tensor(999, float_val=[1.0]),
    ],
)
def test_what_is_no_scalar_is_skipped_and_counted(tmp_path, content):
    problem = "events.out.tfevents.1.host: skipped 1 value(s) of loss that are not a single number"
    assert logged(tmp_path, content) == ({"other": [1.0]}, [problem])


def test_histograms_images_and_texts_are_nobodys_scalars(tmp_path):
    values = [
        Summary.Value(tag="histogram", histo={"min": 0.0}),
        Summary.Value(tag="image", image={"height": 1}),
        Summary.Value(tag="text", tensor=tensor(types.DT_STRING, string_val=[b"words"])),
        Summary.Value(tag="nothing"),
    ]
    assert read(tmp_path, Event(step=1, summary=Summary(value=values)), scalar("a", 1.0)) == ({"a": [1.0]}, [])


def test_a_record_that_holds_no_event_is_skipped_and_counted(tmp_path):
    wrong_name = scalar("aXXa", 1.0).SerializeToString().replace(b"aXXa", b"a\xff\xffa")
    found, problems = read(tmp_path, scalar("a", 1.0), b"\xff\xff\xff", wrong_name, scalar("a", 2.0, step=2))
    assert found == {"a": [1.0, 2.0]}
    assert problems == ["events.out.tfevents.1.host: skipped 2 record(s) that hold no TensorBoard event"]


@pytest.mark.parametrize("length", [1 << 40, 1 << 63, (1 << 64) - 1])
def test_a_record_that_claims_to_be_longer_than_anything_ends_the_reading(tmp_path, length):
    path = tmp_path / "events.out.tfevents.1.host"
    with path.open("wb") as file:
        RecordWriter(file).write(scalar("a", 1.0).SerializeToString())
        header = struct.pack("<Q", length)
        file.write(header + struct.pack("<I", masked_crc32c(header)) + b"abc")
    scalars, problems = read_log(tmp_path)[:2]
    assert scalars["a"].values.tolist() == [1.0]
    assert problems == [f"{path.name}: the last 15 of {path.stat().st_size} bytes are truncated or damaged"]
