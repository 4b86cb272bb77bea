"""Joins videos side by side into one animated image, each under its name.

    python bench/side_by_side.py docs/images/driving.webp "untrained=A.mp4" "trained=B.mp4"

The videos must have the same frame rate and size. A shorter one stays at its last frame until the longest has ended.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from av_td3.runs.video import Frame, VideoWriter

BAR = 22  # pixels above each video, for its name


def frames_of(video: Path, width: int, every: int) -> tuple[list[Frame], float]:
    """Every so many frames of a video, scaled to a width in pixels, and their number per second."""
    with av.open(str(video)) as container:
        images = [frame.to_image() for frame in list(container.decode(video=0))[::every]]
        rate = float(container.streams.video[0].average_rate or 1)
    size = (width, round(width * images[0].height / images[0].width))
    return [np.asarray(image.resize(size, Image.Resampling.BOX)) for image in images], rate / every


def under_its_name(frame: Frame, name: str) -> Frame:
    """The frame (height, width, 3) below a bar with a name: (height + BAR, width, 3)."""
    image = Image.new("RGB", (frame.shape[1], frame.shape[0] + BAR), "white")
    image.paste(Image.fromarray(frame), (0, BAR))
    ImageDraw.Draw(image).text((4, 3), name, fill="black", font=ImageFont.load_default(14))
    return np.asarray(image)


def join(videos: Sequence[tuple[str, Path]], width: int, every: int) -> tuple[list[Frame], float]:
    """The frames of all videos side by side, and their number per second."""
    loaded = [frames_of(path, width, every) for _, path in videos]
    length = max(len(frames) for frames, _ in loaded)
    columns = [
        [under_its_name(frames[min(index, len(frames) - 1)], name) for index in range(length)]
        for (name, _), (frames, _) in zip(videos, loaded, strict=True)
    ]
    return [np.concatenate(row, axis=1) for row in zip(*columns, strict=True)], loaded[0][1]


def named(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{text}: must be NAME=FILE, where FILE is a video")
    return name, Path(path)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("output", type=Path, help="file to write, .webp or .gif")
    options.add_argument("videos", type=named, nargs="+", metavar="NAME=FILE", help="MP4 under its name")
    options.add_argument("--width", type=int, default=320, help="pixels of each video")
    options.add_argument("--every", type=int, default=2, help="1: every frame; 2: every second one, ...")
    arguments = options.parse_args()
    frames, rate = join(arguments.videos, arguments.width, arguments.every)
    with VideoWriter(arguments.output, rate) as video:
        for frame in frames:
            video.add(frame)
    print(
        f"{arguments.output}: {len(frames)} frames, {len(frames) / rate:.0f} s, {arguments.output.stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
