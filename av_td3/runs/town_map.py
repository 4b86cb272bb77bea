"""``map.json``: the lanes of the town that a run drives in, to draw trajectories over."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from av_td3.runs.files import write_json

MAP_FILE = "map.json"
MAX_COORDINATE = 1e7  # m; what lies beyond is no place on a map

Points = NDArray[np.float64]


def write_lanes(folder: Path, lanes: Sequence[Points]) -> None:
    """Write the centre lines (n, 2) of a town's lanes, in metres, to a decimetre."""
    write_json(folder / MAP_FILE, {"lanes": [lane.round(1).tolist() for lane in lanes]}, indent=None)


def read_lanes(folder: Path) -> list[Points]:
    """Centre lines (n, 2) of the town's lanes, in metres; none where nothing was written, or nothing that can be read."""
    path = folder / MAP_FILE
    if not path.is_file():
        return []
    try:
        lanes = [np.array(lane, np.float64) for lane in json.loads(path.read_text(encoding="utf-8"))["lanes"]]
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return []
    return [lane for lane in lanes if lane.ndim == 2 and lane.shape[1] == 2 and np.all(np.abs(lane) < MAX_COORDINATE)]
