"""What a camera has to know of a car in order to draw it."""

import numpy as np

CAR = np.dtype(
    [
        ("pose", np.float64, 6),  # x, y, z of the ground below its centre (m), pitch, yaw, roll (degrees)
        ("half_size", np.float64, 3),  # length, width, height (m)
        ("wheelbase", np.float64),  # m
        ("steer", np.float64),  # of the front wheels, rad, positive to the right
        ("paint", np.uint8, 3),  # blue, green, red
        ("lights", np.uint32),  # CARLA's VehicleLightState
    ]
)
