"""Cars and info dicts of an environment, made up."""

import math

import numpy as np


def car(x=0.0, y=0.0, yaw=0.0, speed=0.0, half_length=2.4, half_width=1.0):
    """A row of ``other_vehicles``; yaw in degrees, speed along it in m/s."""
    turned = math.radians(yaw)
    return [x, y, turned, speed * math.cos(turned), speed * math.sin(turned), half_length, half_width]


def cars(*rows):
    return np.array(rows, np.float64).reshape(-1, 7)


def info(**changes):
    """What ``step`` of the environment says of a car at the origin that looks along x; yaw in degrees."""
    found = {
        "speed": 0.0,
        "travelled": 0.0,
        "lateral": 0.0,
        "heading_error": 0.0,
        "over_the_line": False,
        "on_road": True,
        "position": (0.0, 0.0),
        "controls": (0.0, 0.0),
        "collided_with": None,
        "half_size": (2.4, 1.0),
        "delta": 0.1,
        "others": cars(),
    }
    return found | changes | {"yaw": math.radians(changes.get("yaw", 0.0))}
