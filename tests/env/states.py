"""Driving states for tests of what is computed from them."""

import numpy as np

from av_td3.config.action import Controls
from av_td3.env.driving_state import DrivingState
from av_td3.env.route import Place, Route

# What counts as 1 in each number of the default vector: m/s, m, rad, and m of the waypoints.
WAYPOINTS = np.arange(5.0, 51.0, 5.0)
SCALES = np.concatenate([[4.0, 1.75, np.radians(15.0)], np.repeat(0.25 * WAYPOINTS, 2)])
ROUTE = Route(np.array([[0.0, 0.0], [100.0, 0.0]]), 3.5)


def state(travelled=10.0, lateral=0.0, heading_error=0.0, **changes):
    normal = {
        "route": ROUTE,
        "place": Place(travelled, lateral, heading_error),
        "progress": 0.8,
        "x": travelled,
        "y": lateral,
        "yaw": heading_error,
        "speed": 8.0,
        "controls": Controls(0.0, 0.5),
        "previous_controls": Controls(0.0, 0.5),
        "delta": 0.1,
        "on_road": True,
        "in_junction": False,
        "half_width": 0.9,
        "collided": False,
    }
    return DrivingState(**(normal | changes))
