"""The frame of the observation as an image."""

import numpy as np
from numpy.typing import NDArray


def newest_frame(image: NDArray[np.uint8], channels: tuple[int, ...]) -> NDArray[np.uint8]:
    """The newest frame of a stack, the cameras side by side.

    Args:
        image: uint8 (stack * channels, height, width), the newest frame last.
        channels: of a frame, by camera; 3 are red, green and blue, others are shown one by one in gray.

    Returns:
        uint8 (height, width, 3), red, green, blue.

    """
    newest = image[-sum(channels) :]
    shown, start = [], 0
    for count in channels:
        planes = newest[start : start + count]
        shown += [planes.transpose(1, 2, 0)] if count == 3 else [np.repeat(plane[..., None], 3, axis=2) for plane in planes]
        start += count
    return np.hstack(shown)
