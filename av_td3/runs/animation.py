"""Small animated images."""

import io
from collections.abc import Sequence

from PIL import Image

from av_td3.runs.video import Frame

COLORS = 128  # of the palette of each frame
SHRINK = 0.8  # of the width at each try
MIN_WIDTH = 64  # pixels, below which the file is as large as it is


def animated_gif(frames: Sequence[Frame], fps: float, max_bytes: int) -> bytes:
    """Encode an animated GIF that repeats forever, scaled down until it is small enough.

    Args:
        frames: at least one, each uint8 (height, width, 3) in RGB.
        fps: frames per second.
        max_bytes: that it may have.

    """
    images = [Image.fromarray(frame) for frame in frames]
    while len(encoded := _gif(images, fps)) > max_bytes and images[0].width > MIN_WIDTH:
        size = (round(SHRINK * images[0].width), round(SHRINK * images[0].height))
        images = [image.resize(size, Image.Resampling.BOX) for image in images]
    return encoded


def _gif(images: Sequence[Image.Image], fps: float) -> bytes:
    first, *others = [image.quantize(COLORS, dither=Image.Dither.NONE) for image in images]
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, duration=round(1000.0 / fps), loop=0)
    return file.getvalue()
