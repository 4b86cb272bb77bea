"""Joins videos side by side into one animated image, each under its name.

    python bench/side_by_side.py docs/images/driving.webp "untrained=A.mp4" "trained=B.mp4"

The videos must have the same frame rate and shape. A shorter one stays at its last frame until the longest has ended.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from av_td3.runs.video import Frame, VideoWriter

BAR = 22  # pixels above each video, for its name


class Video(NamedTuple):
    """A video to show under its name: frames uint8 (height, width, 3), of which there are so many per second."""

    name: str
    frames: list[Frame]
    rate: float


def load(name: str, path: Path, width: int, every: int) -> Video:
    """Every so many frames of a video and its last one, scaled to a width in pixels."""
    with av.open(str(path)) as container:
        images = [frame.to_image() for frame in container.decode(video=0)]
        rate = float(container.streams.video[0].average_rate or 1)
    size = (width, round(width * images[0].height / images[0].width))
    chosen = sorted({*range(0, len(images), every), len(images) - 1})
    return Video(name, [np.asarray(images[place].resize(size, Image.Resampling.BOX)) for place in chosen], rate / every)


def under_its_name(frame: Frame, name: str) -> Frame:
    """The frame (height, width, 3) below a bar with a name: (height + BAR, width, 3)."""
    image = Image.new("RGB", (frame.shape[1], frame.shape[0] + BAR), "white")
    image.paste(Image.fromarray(frame), (0, BAR))
    ImageDraw.Draw(image).text((4, 3), name, fill="black", font=ImageFont.load_default(14))
    return np.asarray(image)


def join(videos: Sequence[Video], seconds: float) -> list[Frame]:
    """The frames of the first seconds of all videos side by side. Raises ValueError where they do not fit together."""
    if len({(video.rate, video.frames[0].shape) for video in videos}) > 1:
        found = ", ".join(f"{v.name}: {v.rate:g} per s, {v.frames[0].shape[1]} by {v.frames[0].shape[0]}" for v in videos)
        raise ValueError(f"the videos must have the same frame rate and shape; scaled they have {found}")
    length = min(max(len(video.frames) for video in videos), max(1, round(seconds * videos[0].rate)))
    columns = [
        [under_its_name(video.frames[min(index, len(video.frames) - 1)], video.name) for index in range(length)]
        for video in videos
    ]
    return [np.concatenate(row, axis=1) for row in zip(*columns, strict=True)]


def named(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{text}: must be NAME=FILE, where FILE is a video")
    return name, Path(path)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be an integer of at least 1")
    return int(text)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("output", type=Path, help="file to write, .webp or .gif")
    options.add_argument("videos", type=named, nargs="+", metavar="NAME=FILE", help="MP4 under its name")
    options.add_argument("--width", type=positive, default=320, help="pixels of each video")
    options.add_argument("--every", type=positive, default=2, help="1: every frame; 2: every second one, ...")
    options.add_argument("--seconds", type=positive, default=60, help="that are shown, at most")
    arguments = options.parse_args()
    videos = [load(name, path, arguments.width, arguments.every) for name, path in arguments.videos]
    try:
        frames = join(videos, arguments.seconds)
    except ValueError as error:
        options.error(str(error))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(arguments.output, videos[0].rate) as writer:
        for frame in frames:
            writer.add(frame)
    size = arguments.output.stat().st_size / 1e6
    print(f"{arguments.output}: {len(frames)} frames, {len(frames) / videos[0].rate:.1f} s, {size:.2f} MB")


if __name__ == "__main__":
    main()
