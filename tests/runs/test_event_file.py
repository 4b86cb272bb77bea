"""What counts as a scalar of an event file, and at which step."""

import numpy as np
import pytest
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.util.tensor_util import make_tensor_proto

from av_td3.runs.event_file import first_tags
from av_td3.runs.scalars import UnreadableLog, read_log, read_runs
from tests.runs.event_files import scalar_event, start_event, tensor_event, write_curves, write_events

NAME = "events.out.tfevents.1.host"


def read(folder, *events):
    return read_log(write_events(folder / NAME, events))


def points(log, tag):
    series = log.scalars[tag]
    return list(zip(series.steps.tolist(), series.values.tolist(), strict=True))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1)])
@pytest.mark.parametrize("plugin", ["", "scalars"])
def test_a_tensor_with_one_number_is_a_scalar_with_and_without_metadata(tmp_path, shape, plugin):
    events = [tensor_event("loss", step, make_tensor_proto(np.full(shape, 2.5 * step)), plugin) for step in (1, 2)]
    log = read(tmp_path, *events)
    assert points(log, "loss") == [(1, 2.5), (2, 5.0)]
    assert log.problems == []


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("plugin", ["histograms", "images", "text", "hparams", "pr_curves"])
def test_a_tag_of_another_plugin_is_no_scalar_wherever_its_metadata_stands(tmp_path, plugin, first):
    number = make_tensor_proto(1.0)
    plugins = (plugin, "", "") if first else ("", "", plugin)
    events = [tensor_event("other", step, number, name) for step, name in enumerate(plugins)]
    log = read(tmp_path, *events, scalar_event("loss", 1, 1.0))
    assert list(log.scalars) == ["loss"]
    assert log.problems == []


def test_a_text_without_metadata_is_passed_over_in_silence(tmp_path):
    log = read(tmp_path, tensor_event("notes", 1, make_tensor_proto("3.5")), scalar_event("loss", 1, 1.0))
    assert (list(log.scalars), log.problems) == (["loss"], [])


def test_a_scalar_may_share_its_tag_with_an_image(tmp_path):
    image = Summary.Value(tag="camera", image={"height": 1})
    image.metadata.plugin_data.plugin_name = "images"
    event = scalar_event("camera", 1, 2.0)
    event.summary.value.append(image)
    assert points(read(tmp_path, event), "camera") == [(1, 2.0)]


@pytest.mark.parametrize("shape", [(4,), (4, 1), (1, 4)])
def test_a_short_vector_is_the_mean_of_its_finite_values_with_one_note(tmp_path, shape):
    vector = np.array([1.0, np.nan, 3.0, np.inf], np.float32).reshape(shape)
    log = read(tmp_path, *(tensor_event("reward", step, make_tensor_proto(vector * step), "scalars") for step in (1, 2, 3)))
    assert points(log, "reward") == [(1, 2.0), (2, 4.0), (3, 6.0)]
    assert log.problems == [f"{NAME}: reward holds several numbers per point; read is the mean of the finite ones"]


def test_a_vector_without_a_finite_value_is_not_a_number(tmp_path):
    log = read(tmp_path, tensor_event("reward", 1, make_tensor_proto([np.nan, np.inf]), "scalars"))
    assert np.isnan(log.scalars["reward"].values).all()


@pytest.mark.parametrize(("size", "is_read"), [(2, True), (64, True), (65, False)])
def test_long_vectors_are_skipped(tmp_path, size, is_read):
    event = tensor_event("reward", 1, make_tensor_proto(np.ones(size)), "scalars")
    assert ("reward" in read(tmp_path, event, scalar_event("loss", 1, 1.0)).scalars) == is_read


def test_a_constant_vector_that_tensorflow_shortened_is_read(tmp_path):
    vector = make_tensor_proto(np.array([1, 2, 2, 2]))
    vector.tensor_content = b""
    vector.int64_val.extend([1, 2])
    assert points(read(tmp_path, tensor_event("reward", 1, vector, "scalars")), "reward") == [(1, 1.75)]


def test_points_that_are_all_at_step_zero_are_numbered(tmp_path):
    events = [scalar_event(tag, 0, value) for value in (1.0, 2.0, 3.0) for tag in ("loss", "reward")]
    events.insert(4, scalar_event("eval", 0, 9.0))  # between the second round and the third
    log = read(tmp_path, *events)
    assert points(log, "loss") == [(0, 1.0), (1, 2.0), (2, 3.0)]
    assert points(log, "reward") == points(log, "loss")
    assert points(log, "eval") == [(1, 9.0)]  # at that of the second
    assert log.problems == [f"{NAME}: all points are at step 0; their order is used as the step"]


def test_points_that_are_all_at_another_step_are_numbered_too(tmp_path):
    log = read(tmp_path, *(scalar_event("loss", 1_700_000_000, value) for value in (1.0, 2.0)))
    assert points(log, "loss") == [(0, 1.0), (1, 2.0)]


def test_one_point_per_tag_keeps_its_step(tmp_path):
    log = read(tmp_path, scalar_event("loss", 7, 1.0), scalar_event("reward", 7, 1.0))
    assert points(log, "loss") == [(7, 1.0)]
    assert log.problems == []


def test_steps_that_differ_late_are_kept(tmp_path):
    log = read(tmp_path, *(scalar_event("loss", step, 1.0) for step in (0, 0, 0, 1)))
    assert log.scalars["loss"].steps.tolist() == [0, 0, 0, 1]


def test_several_points_at_the_last_step_of_a_run_stay_there(tmp_path):
    write_curves(tmp_path, ["loss"], range(0, 1000, 10), second=1)
    write_curves(tmp_path, ["loss"], [990, 990], second=2)
    (log,) = read_runs(tmp_path)
    assert log.scalars["loss"].steps.tolist()[-2:] == [990, 990]
    write_events(tmp_path / "events.out.tfevents.3.host", [start_event(991), *[scalar_event("loss", 995, 1.0)] * 2])
    assert read_log(tmp_path).scalars["loss"].steps.tolist()[-2:] == [995, 995]


def test_points_of_a_file_that_says_where_it_starts_keep_their_step(tmp_path):
    log = read(tmp_path, start_event(5), scalar_event("loss", 5, 1.0), scalar_event("loss", 5, 2.0))
    assert points(log, "loss") == [(5, 1.0), (5, 2.0)]


def test_the_first_tags_of_a_file(tmp_path):
    path = write_curves(tmp_path, ["a", "b", "c"], range(10))
    assert first_tags(path, 1) == ["a"]
    assert first_tags(path, 2) == ["a", "b"]
    (tmp_path / NAME).touch()
    assert first_tags(tmp_path / NAME, 1) == []
    with pytest.raises(UnreadableLog, match="is empty"):
        read_log(tmp_path / NAME)
