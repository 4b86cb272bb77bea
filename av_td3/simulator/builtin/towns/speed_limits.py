"""Speed limits of a town on a coarse grid."""

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.towns.ground import RELIEF_SPACING
from av_td3.simulator.builtin.towns.roads import Floats, Road, Section
from av_td3.simulator.builtin.towns.strips import ASPHALT, side_line, stations

_MARGIN = 1.0  # m beside the asphalt
_SUBPIXEL_BITS = 4


def draw_speed_limits(roads: list[Road], origin: tuple[float, float], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw the speed limits of roads.

    Args:
        roads: all roads; where they overlap, the lowest limit applies.
        origin: x and y of the first grid point, m.
        shape: rows and columns.

    Returns:
        km/h, uint8 (rows, columns), every ``RELIEF_SPACING``; 0 where no road is.

    """
    limits = np.zeros(shape, np.uint8)
    spans = [(limit, start, road) for road in roads for start, limit in road.speeds]
    for limit, start, road in sorted(spans, key=lambda span: -span[0]):
        end = min((s for s, _ in road.speeds if s > start), default=road.length)
        for section in road.sections:
            low, high = max(start, section.start), min(end, section.end)
            if low < high:
                outline = _outline(road, section, low, high)
                fixed = np.round((outline - origin) / RELIEF_SPACING * (1 << _SUBPIXEL_BITS)).astype(np.int32)
                cv2.fillPoly(limits, [fixed], (round(limit),), shift=_SUBPIXEL_BITS)
    return limits


def _outline(road: Road, section: Section, start: float, end: float) -> Floats:
    """Polygon around the asphalt of a part of a road, and a little more, so that it covers the grid points nearest to it."""
    s = stations(road, start, end)
    edges = road.edges(section, s)
    asphalt = [edges[lane.id] for lane in section.lanes if lane.id and lane.kind in ASPHALT]
    left = np.maximum.reduce([edge for pair in asphalt for edge in pair]) + _MARGIN
    right = np.minimum.reduce([edge for pair in asphalt for edge in pair]) - _MARGIN
    return np.concatenate([side_line(road, s, left), side_line(road, s, right)[::-1]])
