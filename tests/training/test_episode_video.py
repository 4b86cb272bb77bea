import numpy as np
import pytest

from av_td3.runs.video import VideoWriter
from av_td3.training.episode_video import EpisodeVideo


class Frames:
    """An environment whose frames get brighter."""

    def __init__(self):
        self.rendered = 0

    def render(self):
        self.rendered += 1
        return np.full((480, 840, 3), self.rendered % 256, np.uint8)


def observation(value):
    image = np.zeros((4, 84, 84), np.uint8)
    image[-1] = np.arange(84)[:, None] + value
    return {"image": image}


@pytest.fixture
def recorded(tmp_path):
    def record(steps, fps=10.0, channels=(1,)):
        env, video = Frames(), EpisodeVideo(tmp_path / "videos" / "a.mp4", fps, channels)
        for number in range(steps):
            video.add(env, observation(number))
        video.close()
        return env, video

    return record


def test_the_first_twenty_seconds_are_recorded_and_later_steps_are_not_rendered(recorded):
    import av

    env, video = recorded(230)
    assert env.rendered == 200
    with av.open(str(video.path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 200
    assert len(video.animation) == 50
    assert video.animation_fps * 20.0 == 50
    assert {frame.shape for frame in video.animation} == {(240, 420, 3)}


def test_a_short_episode_is_recorded_whole(recorded):
    env, video = recorded(7)
    assert (env.rendered, len(video.animation), video.problem) == (7, 2, None)


def test_the_camera_is_the_newest_frame_enlarged_without_smoothing(recorded):
    _, video = recorded(3)
    assert video.camera.shape == (336, 336, 3)
    assert np.array_equal(video.camera[::4, 0, 0], np.arange(84) + 2)
    assert np.array_equal(video.camera[3::4, -1, 2], np.arange(84) + 2)


def test_an_error_of_the_encoder_costs_the_video_and_renders_no_more(recorded, monkeypatch, tmp_path):
    written = []

    def broken(self, frame):
        written.append(frame)
        raise RuntimeError("the encoder is broken")

    monkeypatch.setattr(VideoWriter, "add", broken)
    env, video = recorded(5)
    assert video.problem == "RuntimeError: the encoder is broken"
    assert (env.rendered, len(written)) == (1, 1)
    assert list((tmp_path / "videos").iterdir()) == []
