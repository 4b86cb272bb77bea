"""How a route crosses junctions."""

import math
from itertools import groupby
from typing import Any, Literal

import carla
import numpy as np
from numpy.typing import NDArray

Turn = Literal["Left", "Right", "Straight"]  # as the Traffic Manager names them
MIN_ANGLE = math.radians(30.0)  # change of direction within a junction from which on it is a turn


def junction_turns(carla_map: Any, points: NDArray[np.float64]) -> list[Turn]:
    """What a route does at each junction that it crosses, in order.

    Args:
        carla_map: a ``carla.Map``.
        points: of the route, float64 (n, 2) in metres.

    """
    inside = [carla_map.get_waypoint(carla.Location(float(x), float(y), 0.0)).is_junction for x, y in points]
    headings = np.arctan2(np.diff(points[:, 1]), np.diff(points[:, 0]))
    turns: list[Turn] = []
    for in_junction, stretch in groupby(range(len(headings)), key=lambda index: inside[index]):
        if in_junction:
            indices = list(stretch)
            change = headings[min(indices[-1] + 1, len(headings) - 1)] - headings[max(0, indices[0] - 1)]
            turns.append(_turn(float((change + math.pi) % (2.0 * math.pi) - math.pi)))
    return turns


def _turn(change: float) -> Turn:
    if abs(change) <= MIN_ANGLE:
        return "Straight"
    return "Right" if change > 0.0 else "Left"
