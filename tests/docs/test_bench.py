"""The benchmarks, a few seconds each."""

import numpy as np
import pytest
import torch
from PIL import Image

from av_td3.runs.video import write_video
from tests.docs.kinds import of_kind


@pytest.mark.parametrize(**of_kind("learning curves"))
def test_learning_curves_are_drawn_again_from_their_table(script, type_in, checkout):
    table, picture = (checkout / word for word in script.words[2:])
    picture.unlink(missing_ok=True)
    done = type_in(script)
    learners = {line.rpartition('",')[0] or line.partition(",")[0] for line in table.read_text().splitlines()[1:]}
    assert f"of {len(learners)} learners" in done.stdout
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize(**of_kind("side by side"))
def test_videos_are_joined_side_by_side(script, type_in, checkout):
    videos = [word.partition("=")[2] for word in script.words if "=" in word]
    for video, frames in zip(videos, (6, 3), strict=True):
        write_video(checkout / video, [np.full((48, 64, 3), 40 * frame, np.uint8) for frame in range(frames)], 10.0)
    done = type_in(script)
    assert "4 frames, 0.8 s" in done.stdout
    with Image.open(checkout / script.words[2]) as image:
        assert (image.n_frames, image.width) == (4, 2 * 320)


@pytest.mark.parametrize(**of_kind("bench"))
def test_a_bench_ends_with_its_table(script, type_in, checkout):
    done = type_in(script)
    if "cuda" in script.words and not torch.cuda.is_available():
        assert done.stderr == "--device cuda: no CUDA device available, nothing was measured\n"
        return
    assert "┏━" in done.stdout
    assert "values are meaningless" in done.stdout
    for word in script.words[2:]:
        if word == "FILE" or word.endswith(".png"):
            assert (checkout / word).stat().st_size > 0
