import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from av_td3.config.errors import ConfigError
from av_td3.runs.video import VideoWriter, write_video


def frames(count, height=48, width=64):
    """A bright square that moves to the right on a colored ground."""
    for index in range(count):
        frame = np.full((height, width, 3), (20, 60, 120), np.uint8)
        frame[8:24, 4 + 8 * index : 20 + 8 * index] = (240, 220, 40)
        yield frame


def read_mp4(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return stream.codec_context.name, stream.codec_context.pix_fmt, stream.average_rate, shown


def test_an_mp4_has_every_frame_in_order_and_the_given_rate(tmp_path):
    path = tmp_path / "drive.mp4"
    write_video(path, frames(5), 10)
    codec, pixels, rate, shown = read_mp4(path)
    assert (codec, pixels, rate, len(shown)) == ("h264", "yuv420p", Fraction(10), 5)
    for before, after in zip(frames(5), shown, strict=True):
        assert np.abs(before.astype(int) - after).mean() < 4.0


def test_the_index_of_an_mp4_comes_first_so_that_it_plays_while_it_loads(tmp_path):
    write_video(tmp_path / "drive.mp4", frames(3), 10)
    content = (tmp_path / "drive.mp4").read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")


def test_odd_sizes_are_padded(tmp_path):
    write_video(tmp_path / "odd.mp4", frames(2, height=33, width=45), 7.5)
    _, _, rate, shown = read_mp4(tmp_path / "odd.mp4")
    assert shown[0].shape == (34, 46, 3)
    assert rate == Fraction(15, 2)


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_an_animated_image_has_every_frame_and_repeats(tmp_path, suffix):
    path = tmp_path / f"drive{suffix}"
    write_video(path, frames(4), 10)
    with Image.open(path) as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (4, (64, 48), 0)
        image.seek(3)
        image.load()
        assert image.info["duration"] == 100
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - list(frames(4))[3]).mean() < 8.0


def test_another_suffix_is_refused_in_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"drive\.avi: the name of a video must end with \.mp4, \.webp or \.gif$"):
        VideoWriter(tmp_path / "drive.avi", 10)


def test_a_missing_package_is_named_with_the_command_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"needs the package av: pip install 'av-td3\[train\]'"):
        VideoWriter(tmp_path / "drive.mp4", 10)
    write_video(tmp_path / "drive.webp", frames(2), 10)


@pytest.mark.parametrize("name", ["drive.mp4", "drive.webp"])
def test_after_an_error_the_earlier_file_stays_and_nothing_else(tmp_path, name):
    (tmp_path / name).write_bytes(b"earlier")
    with pytest.raises(ValueError, match="all frames have one size"):
        write_video(tmp_path / name, [*frames(2), *frames(1, width=32)], 10)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"earlier"


@pytest.mark.parametrize("name", ["drive.mp4", "drive.gif"])
def test_a_video_without_frames_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="at least one frame"):
        write_video(tmp_path / name, [], 10)
    assert list(tmp_path.iterdir()) == []


def test_a_frame_of_another_shape_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"has shape \(10, 10, 3\), the first one had \(48, 64, 3\)"):
        write_video(tmp_path / "drive.webp", [next(frames(1)), np.zeros((10, 10, 3), np.uint8)], 10)
    with pytest.raises(ValueError, match=r"is uint8 \(10, 10\); must be uint8 \(height, width, 3\)"):
        write_video(tmp_path / "drive.webp", [np.zeros((10, 10), np.uint8)], 10)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        VideoWriter(tmp_path / "videos" / "drive.mp4", 10)
