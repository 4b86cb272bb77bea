import av
import numpy as np
import pytest
from PIL import Image

from av_td3.watch.live_state import LiveRun
from av_td3.watch.recording import Recorder
from tests.watch.frames import png, run_folder, show


def shown(path):
    with av.open(str(path)) as container:
        return [image.to_ndarray(format="rgb24") for image in container.decode(video=0)]


def test_each_new_frame_is_recorded_once(tmp_path):
    folder = run_folder(tmp_path)
    with Recorder(LiveRun(folder), tmp_path / "drive.mp4") as recorder:
        recorder.update()  # before the first frame
        for step in range(1, 6):
            show(folder, step, image=png(shade=40 * step))
            recorder.update()
            recorder.update()
    images = shown(tmp_path / "drive.mp4")
    assert (recorder.frames, len(images)) == (5, 5)
    assert [round(image[470, 240].mean() / 40) for image in images] == [1, 2, 3, 4, 5]


def test_an_animated_image_can_be_recorded(tmp_path):
    folder = run_folder(tmp_path)
    with Recorder(LiveRun(folder), tmp_path / "drive.webp") as recorder:
        for step in range(1, 4):
            show(folder, step)
            recorder.update()
    with Image.open(tmp_path / "drive.webp") as image:
        assert image.n_frames == 3


@pytest.mark.parametrize(("image", "width"), [(None, 320), (png(), 800), (png(cameras=2), 1280)])
def test_a_frame_is_as_wide_as_its_cameras(tmp_path, image, width):
    folder = run_folder(tmp_path)
    show(folder, 3, image=image)
    with Recorder(LiveRun(folder), tmp_path / "drive.mp4") as recorder:
        recorder.update()
    assert shown(tmp_path / "drive.mp4")[0].shape == (480, width, 3)


def test_without_a_frame_there_is_no_video(tmp_path):
    with Recorder(LiveRun(run_folder(tmp_path)), tmp_path / "drive.mp4") as recorder:
        recorder.update()
    assert recorder.frames == 0
    assert not (tmp_path / "drive.mp4").exists()


def test_numbers_that_are_not_finite_are_recorded_as_missing(tmp_path):
    folder = run_folder(tmp_path)
    show(folder, 3, speed=None, terms={"progress": None}, action={"steering": None}, route_completion=None)
    with Recorder(LiveRun(folder), tmp_path / "drive.mp4") as recorder:
        recorder.update()
    assert np.ptp(shown(tmp_path / "drive.mp4")[0]) > 100


def test_a_recording_that_ends_before_its_first_frame_is_written_leaves_no_file(tmp_path, monkeypatch):
    folder = run_folder(tmp_path)
    show(folder, 1)

    def interrupted(*_):
        raise KeyboardInterrupt

    with Recorder(LiveRun(folder), tmp_path / "drive.mp4") as recorder:
        monkeypatch.setattr("av_td3.runs.video.VideoWriter.add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            recorder.update()
    assert list(tmp_path.glob("*drive*")) == []


@pytest.mark.parametrize("image", ["no PNG", png(size=9000)])
def test_what_is_not_the_image_of_a_camera_is_left_out(tmp_path, image):
    folder = run_folder(tmp_path)
    show(folder, 1, image=image)
    with Recorder(LiveRun(folder), tmp_path / "drive.mp4") as recorder:
        recorder.update()
    assert shown(tmp_path / "drive.mp4")[0].shape == (480, 320, 3)
