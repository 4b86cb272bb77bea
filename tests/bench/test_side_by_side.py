"""Videos joined into one animated image."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageSequence

from av_td3.runs.video import write_video
from tests.conftest import ROOT


def recorded(path, levels, rate=10.0, height=48):
    write_video(path, [np.full((height, 64, 3), level, np.uint8) for level in levels], rate)
    return path


def join(output, *options):
    command = [sys.executable, str(ROOT / "bench" / "side_by_side.py"), str(output), *options, "--width", "64"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)


def test_a_shorter_video_stays_at_its_last_frame_beside_the_longer_one(tmp_path):
    long, short = recorded(tmp_path / "a.mp4", (0, 40, 80, 120, 160, 200)), recorded(tmp_path / "b.mp4", (20, 20, 60, 250))
    done = join(tmp_path / "new" / "out.webp", f"long={long}", f"short={short}", "--every", "2")
    assert "4 frames, 0.8 s" in done.stdout, done.stderr
    with Image.open(tmp_path / "new" / "out.webp") as image:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
        assert image.info["duration"] == 200  # ms of the last frame
    left, right = ([int(frame[40, column, 0]) for frame in frames] for column in (32, 96))
    np.testing.assert_allclose(left, (0, 80, 160, 200), atol=8)
    np.testing.assert_allclose(right, (20, 60, 250, 250), atol=8)
    bars = [frames[0][:22, :64], frames[0][:22, 64:]]
    assert all(bar.min() < 100 < 250 < bar.max() for bar in bars)  # black names on white
    assert not np.array_equal(*bars)


def test_only_so_many_seconds_are_shown(tmp_path):
    video = recorded(tmp_path / "a.mp4", range(0, 150, 10))
    assert "10 frames, 1.0 s" in join(tmp_path / "out.webp", f"a={video}", "--every", "1", "--seconds", "1").stdout


@pytest.mark.parametrize("other", [{"rate": 20.0}, {"height": 64}], ids=["rate", "shape"])
def test_videos_that_do_not_fit_together_are_refused(tmp_path, other):
    first, second = recorded(tmp_path / "a.mp4", (0, 40)), recorded(tmp_path / "b.mp4", (0, 40), **other)
    done = join(tmp_path / "out.webp", f"a={first}", f"b={second}")
    assert done.returncode == 2
    assert "must have the same frame rate and shape" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out.webp").exists()
