"""What a wheel stands on: the grip, the rolling resistance and the height of each surface.

Peak friction: Wong, "Theory of Ground Vehicles" (4th ed. 2008), table 1.4: asphalt 0.85 dry, 0.6 wet; earth road 0.68 dry, 0.55
wet, which stands for grass here. Rolling resistance: Gillespie, "Fundamentals of Vehicle Dynamics" (1992), table 4.1: passenger
cars, 0.015 on concrete, 0.08 on medium hard soil; 0.013 is that of a good car tyre on asphalt.
"""

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.towns.ground import RESOLUTION, Surface
from av_td3.simulator.builtin.towns.heights import height_at

DRY_FRICTION, WET_FRICTION = {"asphalt": 0.85, "grass": 0.68}, {"asphalt": 0.6, "grass": 0.55}
ROLLING_RESISTANCE = {"asphalt": 0.013, "grass": 0.08}
KERB_HEIGHT = 0.12  # m, of kerbs and of all that lies behind them
PATCH = 0.3  # m along the road that a tyre spans, over which it climbs a step

_GRASS = (Surface.GRASS, Surface.GRASS_DARK)
_RAISED = (*_GRASS, Surface.SIDEWALK, Surface.KERB)
HEIGHTS = np.array([KERB_HEIGHT if surface in _RAISED else 0.0 for surface in Surface])
ROLLING = np.array([ROLLING_RESISTANCE["grass" if surface in _GRASS else "asphalt"] for surface in Surface])


def friction(wetness: float) -> NDArray[np.float64]:
    """Friction of each surface over that of dry asphalt, for a weather's wetness of 0 (dry) to 100 (soaked)."""
    wet = max(0.0, min(1.0, wetness / 100.0))
    kinds = ["grass" if surface in _GRASS else "asphalt" for surface in Surface]
    here = [DRY_FRICTION[kind] + (WET_FRICTION[kind] - DRY_FRICTION[kind]) * wet for kind in kinds]
    return np.array(here) / DRY_FRICTION["asphalt"]


@compiled
def surface_at(labels: NDArray[np.uint8], x0: float, y0: float, x: float, y: float) -> int:
    """Surface at a point; grass outside the map."""
    row, column = int(np.floor((y - y0) / RESOLUTION + 0.5)), int(np.floor((x - x0) / RESOLUTION + 0.5))
    if row < 0 or column < 0 or row >= labels.shape[0] or column >= labels.shape[1]:
        return 0
    return int(labels[row, column])


@compiled
def wheel_contact(
    labels: NDArray[np.uint8],
    relief: NDArray[np.float32],
    heights: NDArray[np.float64],
    x0: float,
    y0: float,
    x: float,
    y: float,
    ahead_x: float,
    ahead_y: float,
) -> tuple[int, float, float]:
    """Surface below a wheel at (x, y), height of the ground there (m), and its slope along the unit vector ``ahead``."""
    dx, dy = 0.5 * PATCH * ahead_x, 0.5 * PATCH * ahead_y
    surface = surface_at(labels, x0, y0, x, y)
    behind = heights[surface_at(labels, x0, y0, x - dx, y - dy)]
    front = heights[surface_at(labels, x0, y0, x + dx, y + dy)]
    height = 0.25 * (behind + 2.0 * heights[surface] + front)
    rise = front - behind
    if relief.shape[0] > 1:
        low, high = height_at(relief, x - x0 - dx, y - y0 - dy), height_at(relief, x - x0 + dx, y - y0 + dy)
        height += 0.5 * (low + high)
        rise += high - low
    return surface, height, rise / PATCH
