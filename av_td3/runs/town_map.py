"""``map.json``: the lanes of the town, as a background for trajectories."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from av_td3.runs.files import write_json

MAP_FILE = "map.json"
MAX_COORDINATE = 1e7  # m; larger values are invalid

Points = NDArray[np.float64]


def write_lanes(folder: Path, lanes: Sequence[Points]) -> None:
    """Write the centre lines of a town's lanes, float64 (n, 2) in metres, rounded to decimetres."""
    write_json(folder / MAP_FILE, {"lanes": [lane.round(1).tolist() for lane in lanes]}, indent=None)


def read_lanes(folder: Path) -> list[Points]:
    """Read the centre lines of the town's lanes, float64 (n, 2) in metres; empty if there is no readable file."""
    path = folder / MAP_FILE
    if not path.is_file():
        return []
    try:
        lanes = [np.array(lane, np.float64) for lane in json.loads(path.read_text(encoding="utf-8"))["lanes"]]
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return []
    return [lane for lane in lanes if lane.ndim == 2 and lane.shape[1] == 2 and np.all(np.abs(lane) < MAX_COORDINATE)]
