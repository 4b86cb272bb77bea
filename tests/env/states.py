"""Driving states for tests of what is computed from them."""

import numpy as np

from av_td3.env.driving_state import DrivingState
from av_td3.env.route import Place, Route

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
        "action": (0.0, 0.5),
        "previous_action": (0.0, 0.5),
        "delta": 0.1,
        "target_speed": 8.0,
        "on_road": True,
        "in_junction": False,
        "half_width": 0.9,
        "collided": False,
    }
    return DrivingState(**(normal | changes))
