"""Images and texts, as TensorBoard reads them, beside scalars, as our readers do."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from av_td3.runs.scalars import ScalarWriter, read_log
from av_td3.runs.summaries import image_summary, yaml_summary

GIF = b"GIF89a and so on"


def write(folder, steps, first_step=1):
    writer = ScalarWriter(folder, first_step)
    for step in steps:
        writer.write({"loss": float(step)}, step)
        writer.write_summary(image_summary("eval/video", GIF, 40, 30), step)
    writer.write_summary(yaml_summary("config", "seed: 3\n"), steps[0])
    writer.close()


def test_tensorboard_shows_images_and_texts(tmp_path):
    write(tmp_path, [10, 20])
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(image.step, image.encoded_image_string, image.width, image.height) for image in events.Images("eval/video")] == [
        (10, GIF, 40, 30),
        (20, GIF, 40, 30),
    ]
    assert events.summary_metadata["config"].plugin_data.plugin_name == "text"
    (text,) = events.Tensors("config")
    assert text.tensor_proto.string_val[0] == b"```yaml\nseed: 3\n```"


def test_a_resumed_run_replaces_the_images_of_later_steps(tmp_path):
    write(tmp_path, [10, 20, 30])
    (file,) = tmp_path.iterdir()
    file.rename(tmp_path / "events.out.tfevents.1.host")  # of an earlier second
    write(tmp_path, [20, 40], first_step=11)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [image.step for image in events.Images("eval/video")] == [10, 20, 40]


def test_the_readers_of_logs_pass_them_over_in_silence(tmp_path):
    write(tmp_path, [10, 20])
    log = read_log(tmp_path)
    assert (list(log.scalars), log.problems) == (["loss"], [])
