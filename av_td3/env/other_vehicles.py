"""The other vehicles of a world, as those need them who look at the traffic: drivers, driving metrics, the rendered map."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

X, Y, YAW, VELOCITY_X, VELOCITY_Y, HALF_LENGTH, HALF_WIDTH = range(7)  # columns of ``other_vehicles``


def other_vehicles(world: Any, own: Any) -> NDArray[np.float64]:
    """Pose, velocity and size of every vehicle but one's own, after the last tick.

    Args:
        world: a ``carla.World``.
        own: the vehicle to leave out, a ``carla.Vehicle``.

    Returns:
        float64 (vehicles, 7): x and y (m) and yaw (rad, clockwise seen from above) of its centre, velocity along x and y (m/s),
        half of its length and width (m).

    """
    rows = []
    for vehicle in world.get_actors().filter("vehicle.*"):
        if vehicle.id == own.id:
            continue
        transform, velocity, extent = vehicle.get_transform(), vehicle.get_velocity(), vehicle.bounding_box.extent
        yaw = math.radians(transform.rotation.yaw)
        rows.append((transform.location.x, transform.location.y, yaw, velocity.x, velocity.y, extent.x, extent.y))
    return np.array(rows, np.float64).reshape(-1, 7)
