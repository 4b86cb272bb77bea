import math
from types import SimpleNamespace

import carla
import numpy as np

from av_td3.env.other_vehicles import other_vehicles


def vehicle(number, x, yaw, speed):
    return SimpleNamespace(
        id=number,
        get_transform=lambda: carla.Transform(carla.Location(x, 2.0, 0.3), carla.Rotation(yaw=yaw)),
        get_velocity=lambda: carla.Vector3D(0.0, speed, -1.0),
        bounding_box=SimpleNamespace(extent=carla.Vector3D(2.5, 1.0, 0.75)),
    )


def world_of(*vehicles):
    return SimpleNamespace(get_actors=lambda: SimpleNamespace(filter={"vehicle.*": list(vehicles)}.get))


def test_pose_velocity_and_size_of_every_vehicle_but_ones_own():
    own, other, third = vehicle(1, 0.0, 0.0, 0.0), vehicle(2, 8.0, 90.0, 4.0), vehicle(3, 9.0, -90.0, 0.0)
    found = other_vehicles(world_of(own, other, third), own)
    assert found.dtype == np.float64
    np.testing.assert_allclose(
        found, [[8.0, 2.0, math.pi / 2.0, 0.0, 4.0, 2.5, 1.0], [9.0, 2.0, -math.pi / 2.0, 0.0, 0.0, 2.5, 1.0]]
    )


def test_without_others_there_are_no_rows():
    own = vehicle(1, 0.0, 0.0, 0.0)
    assert other_vehicles(world_of(own), own).shape == (0, 7)
