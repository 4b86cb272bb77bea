"""The cars of a world as arrays, which compiled code advances all at once."""

import numpy as np

from av_td3.simulator.builtin.wire import ACTOR_STATE, VEHICLE_STATE

CONTROL = np.dtype(  # CARLA's VehicleControl
    [
        ("throttle", np.float64),
        ("steer", np.float64),
        ("brake", np.float64),
        ("hand_brake", np.bool_),
        ("reverse", np.bool_),
        ("manual", np.bool_),
        ("gear", np.int32),  # where ``manual``
        ("fresh", np.bool_),  # it is not older than one tick
    ]
)
BODY = np.dtype(
    [
        ("id", np.uint32),  # of its actor
        # What moves: in the world's frame, z of the ground below the car's centre; angles in rad, clockwise from above.
        ("position", np.float64, 3),  # m
        ("pitch", np.float64),
        ("yaw", np.float64),
        ("roll", np.float64),
        ("forward", np.float64),  # m/s, along the car
        ("lateral", np.float64),  # m/s, to its right
        ("yaw_rate", np.float64),  # rad/s
        ("velocity", np.float64, 3),  # m/s
        ("angular_velocity", np.float64, 3),  # deg/s, about x, y, z
        ("acceleration", np.float64, 3),  # m/s2, mean of the last tick
        ("pull", np.float64),  # m/s2, acceleration along the car in the last step, which shifts load between the axles
        # What the client sets.
        ("control", CONTROL),
        ("sticky", np.bool_),  # a control stays until the next one
        ("held", np.bool_),  # at a constant velocity
        ("held_velocity", np.float64, 2),  # m/s, forward and lateral
        ("physics", np.bool_),
        ("collides", np.bool_),
        ("force", np.float64, 2),  # N, in the next tick
        ("torque", np.float64),  # N m about the vertical, in the next tick
        ("lights", np.uint32),
        # What it is.
        ("mass", np.float64),  # kg
        ("inertia", np.float64),  # kg m2
        ("front_axle", np.float64),  # m ahead of the centre of mass
        ("rear_axle", np.float64),  # m behind it
        ("half_track", np.float64),  # m
        ("half_size", np.float64, 3),  # m
        ("radius", np.float64),  # m, of the circle around it
        ("centre_height", np.float64),  # m
        ("drag", np.float64),  # N s2/m2
        ("gears", np.int32),  # number of forward gears
        ("front_drive", np.float64),
        ("front_brakes", np.float64),  # N at brake = 1
        ("rear_brakes", np.float64),
        ("hand_brakes", np.float64),  # N, on the rear axle
        ("front_grip", np.float64),  # of its tyres, as a share of the model's
        ("rear_grip", np.float64),
        ("braking_grip", np.float64),
        ("cornering_grip", np.float64),
        ("stiffness", np.float64),
        ("max_steer", np.float64),  # rad
        ("paint", np.uint8, 3),  # blue, green, red
    ]
)

RECORD = np.dtype(  # of a vehicle in a snapshot: wire.ACTOR_STATE, then wire.VEHICLE_STATE
    [
        ("id", "<u4"),
        ("state", "u1"),
        ("location", "<f4", 3),
        ("rotation", "<f4", 3),
        ("velocity", "<f4", 3),
        ("angular_velocity", "<f4", 3),
        ("acceleration", "<f4", 3),
        ("throttle", "<f4"),
        ("steer", "<f4"),
        ("brake", "<f4"),
        ("hand_brake", "u1"),
        ("reverse", "u1"),
        ("manual", "u1"),
        ("gear", "<i4"),
        ("speed_limit", "<f4"),
        ("traffic_light", "u1"),
        ("at_traffic_light", "u1"),
        ("traffic_light_id", "<u4"),
        ("failure", "u1"),
        ("padding", "u1", 24),
    ]
)
assert RECORD.itemsize == ACTOR_STATE.size + VEHICLE_STATE.size
