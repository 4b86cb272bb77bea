import io

import numpy as np
from PIL import Image

from av_td3.runs.animation import animated_gif


def frames(count, height=120, width=200):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (height, width, 3)).astype(np.uint8) for _ in range(count)]


def test_an_animation_repeats_its_frames_at_their_speed():
    image = Image.open(io.BytesIO(animated_gif(frames(5), 2.5, 10_000_000)))
    assert (image.format, image.size, image.n_frames) == ("GIF", (200, 120), 5)
    assert (image.info["duration"], image.info["loop"]) == (400, 0)


def test_an_animation_is_scaled_down_until_it_is_small_enough():
    small = animated_gif(frames(5), 2.5, 50_000)
    assert len(small) <= 50_000
    image = Image.open(io.BytesIO(small))
    assert image.n_frames == 5
    assert image.width < 200
    assert abs(image.width / image.height - 200 / 120) < 0.1
