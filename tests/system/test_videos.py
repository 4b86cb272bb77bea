"""Videos change no bit of a run, and survive a kill."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from av_td3.runs.evaluation_videos import read_videos
from av_td3.runs.folder import newest_checkpoint_step
from tests.system.runs import SMALL, started, until
from tests.system.same_run import assert_same_run

STEPS = 240
RUN = (
    *(*SMALL, "network=small_cnn", "scenario=suburb_traffic", "scenario.npc_vehicles=3", "scenario.max_episode_steps=30"),
    *(f"total_steps={STEPS}", "evaluation.every_steps=60", "evaluation.episodes=2", "checkpoint.every_steps=40"),
)
FILMED = (*RUN, "evaluation.video_every_steps=60", "render.width=160", "render.height=120")


def finished(folder, *overrides):
    folder.parent.mkdir()
    with started(folder, *overrides) as run:
        assert run.wait(timeout=200) == 0, (folder.parent / "output.txt").read_text()
    return folder


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("filmed") / "a" / "run", *FILMED)


def images(folder, tag):
    """Step and content of all images under a tag, as TensorBoard shows them."""
    found = EventAccumulator(str(folder / "tensorboard")).Reload().Images(tag)
    return [(image.step, image.encoded_image_string) for image in found]


def test_a_run_with_videos_is_bit_equal_to_one_without(tmp_path, filmed):
    plain = finished(tmp_path / "plain" / "run", *RUN, "evaluation.video_every_steps=null")
    assert len(read_videos(filmed)) >= 3
    assert not (plain / "videos").exists()
    assert_same_run(filmed, plain)


def test_tensorboard_has_an_animation_and_a_frame_of_the_camera_for_each_video(filmed):
    steps = [video.step for video in read_videos(filmed)]
    assert steps[-1] == STEPS
    for tag in ("eval/video", "eval/camera"):
        assert [step for step, _ in images(filmed, tag)] == steps


def test_a_killed_run_goes_on_with_its_videos(tmp_path, filmed):
    folder = tmp_path / "run"
    with started(folder, *FILMED) as run:
        until(lambda: len(read_videos(folder)) > 1 and newest_checkpoint_step(folder), "a second video", seconds=120)
        run.kill()
        run.wait()
    with started(folder, *FILMED) as run:  # resumes
        assert run.wait(timeout=200) == 0, (tmp_path / "output.txt").read_text()
    assert_same_run(folder, filmed)
    assert read_videos(folder) == read_videos(filmed)
    for video in read_videos(filmed):
        assert video.path(folder).stat().st_size > 1000  # the encoder's threads may end in other bytes
        assert video.camera_path(folder).read_bytes() == video.camera_path(filmed).read_bytes()
    for tag in ("eval/video", "eval/camera"):
        assert images(folder, tag) == images(filmed, tag)
    texts = EventAccumulator(str(folder / "tensorboard")).Reload().Tensors("config")
    assert [text.step for text in texts] == [0]
