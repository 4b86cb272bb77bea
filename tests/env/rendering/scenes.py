"""Scenes for tests of what is drawn of them."""

import numpy as np

from av_td3.config.action import Controls
from av_td3.env.rendering.scene import LaneMap, Scene
from av_td3.env.route import Route

STRAIGHT = np.stack([np.arange(0.0, 101.0, 2.0), np.zeros(51)], axis=1)  # along x


def scene(**changes):
    """A car that drives along x, 20 m after its start, on a road of one lane."""
    normal = {
        "image": np.full((360, 480, 3), 90, np.uint8),
        "lanes": LaneMap([STRAIGHT]),
        "route": Route(STRAIGHT, 3.5),
        "travelled": 20.0,
        "trail": np.array([[0.0, 0.0, 0.0], [20.0, 0.0, 1.0]]),
        "pose": (20.0, 0.0, 0.0),
        "half_size": (2.3, 1.0),
        "others": np.zeros((0, 7)),
        "speed": 10.0,
        "controls": Controls(0.0, 0.5),
        "reward": 0.5,
        "terms": {"progress": 0.6, "smoothness": -0.1, "ending": 0.0},
        "step": 25,
    }
    return Scene(**(normal | changes))


def share_of(frame, color, tolerance=12):
    """Share of the pixels of a frame that have a colour."""
    return float((np.abs(frame.astype(int) - color).max(axis=2) <= tolerance).mean())


def centre_of(frame, color, tolerance=12):
    """Column and row of the middle of all pixels of a colour."""
    rows, columns = np.nonzero(np.abs(frame.astype(int) - color).max(axis=2) <= tolerance)
    return float(columns.mean()), float(rows.mean())
