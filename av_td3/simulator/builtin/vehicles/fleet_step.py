"""One tick of all cars, in compiled code."""

import math

import numpy as np

from av_td3.simulator.builtin.axes import write_axes
from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.vehicles.collisions import resolve_collisions
from av_td3.simulator.builtin.vehicles.dynamics import look_up, stand_on_ground, step_car

MAX_POSITION = 1e7  # m, and rad of heading
MAX_SPEED = 1e5  # m/s, and rad/s of turning


@compiled
def expire_control(car):  # type: ignore[no-untyped-def]
    """Reset a control that is older than one tick, at the start of the next: until then, clients still see it."""
    if not car.control.fresh:
        car.control.throttle = car.control.steer = car.control.brake = 0.0
        car.control.hand_brake = car.control.reverse = car.control.manual = False
        car.control.gear = 0
    car.control.fresh = False


@compiled
def is_valid(car):  # type: ignore[no-untyped-def]
    """Whether the state is finite and not too large for a car."""
    # Written so that NaN fails too.
    place = abs(car.position[0]) + abs(car.position[1]) + abs(car.yaw)
    return place <= MAX_POSITION and abs(car.forward) + abs(car.lateral) + abs(car.yaw_rate) <= MAX_SPEED


@compiled
def write_velocity(car):  # type: ignore[no-untyped-def]
    """Set the world's velocity from the car's."""
    c, s = math.cos(car.yaw), math.sin(car.yaw)
    car.velocity[0] = c * car.forward - s * car.lateral
    car.velocity[1] = s * car.forward + c * car.lateral


@compiled
def advance(  # type: ignore[no-untyped-def]
    bodies, order, traction, steer_limit, ground, tables, obstacles, contacts, dt, steps
):
    """Move all cars by ``steps`` times ``dt`` seconds.

    Args:
        bodies: ``fleet_arrays.BODY``, ``(slots,)``.
        order: slots in use, in the order in which they were spawned.
        traction: of ``powertrain.traction``, ``(slots, gears + 1, speeds)``.
        steer_limit: ``(slots, speeds)``.
        ground: labels, relief, x0, y0.
        tables: friction, rolling resistance and height of each surface.
        obstacles: the fields of ``collisions.Obstacles``.
        contacts: ``collisions.CONTACT``, receives the collisions.
        dt: s.
        steps: number of steps.

    Returns:
        How many contacts there are, and the slot of a car with an invalid state, -1 where all are valid.

    """
    labels, relief, x0, y0 = ground
    friction, rolling, heights = tables
    boxes, first, entries, left, top, columns = obstacles
    for slot in order:
        car = bodies[slot]
        car.acceleration[0], car.acceleration[1], car.acceleration[2] = car.velocity[0], car.velocity[1], car.velocity[2]
        if not car.sticky:
            expire_control(car)
    count = 0
    for _ in range(steps):
        for slot in order:
            if bodies[slot].physics and is_valid(bodies[slot]):
                step_car(
                    bodies[slot], traction[slot], steer_limit[slot], labels, relief, x0, y0, friction, rolling, heights, dt
                )
        count = resolve_collisions(bodies, order, boxes, first, entries, left, top, columns, contacts, count)
    period, invalid = dt * steps, -1
    for slot in order:
        car = bodies[slot]
        if not is_valid(car):
            invalid = slot
        elif car.physics:
            height, pitch, roll = car.position[2], car.pitch, car.roll
            stand_on_ground(car, labels, relief, x0, y0, heights)
            write_velocity(car)
            car.velocity[2] = (car.position[2] - height) / period
            car.angular_velocity[0] = math.degrees(car.roll - roll) / period
            car.angular_velocity[1] = math.degrees(car.pitch - pitch) / period
            car.angular_velocity[2] = math.degrees(car.yaw_rate)
        for axis in range(3):
            car.acceleration[axis] = (car.velocity[axis] - car.acceleration[axis]) / period
        car.force[0] = car.force[1] = car.torque = 0.0
    return count, invalid


@compiled
def write_records(bodies, order, best_gear, speed_limits, records):  # type: ignore[no-untyped-def]
    """Write the state of all cars into the records of a snapshot.

    ``speed_limits``: km/h on a grid, x and y of its first point, its spacing (m), and the limit where it has none.
    """
    limits, x0, y0, spacing, elsewhere = speed_limits
    for n in range(order.shape[0]):
        car, record = bodies[order[n]], records[n]
        record.id = car.id
        record.rotation[0], record.rotation[2] = math.degrees(car.pitch), math.degrees(car.roll)
        record.rotation[1] = (math.degrees(car.yaw) + 180.0) % 360.0 - 180.0
        for axis in range(3):
            record.location[axis] = car.position[axis]
            record.velocity[axis] = car.velocity[axis]
            record.angular_velocity[axis] = car.angular_velocity[axis]
            record.acceleration[axis] = car.acceleration[axis]
        record.throttle, record.steer, record.brake = car.control.throttle, car.control.steer, car.control.brake
        record.hand_brake, record.reverse, record.manual = car.control.hand_brake, car.control.reverse, car.control.manual
        if car.control.manual:
            record.gear = max(-1, min(car.gears, car.control.gear))
        else:
            record.gear = -1 if car.control.reverse else best_gear[order[n], min(best_gear.shape[1] - 1, int(abs(car.forward)))]
        row = math.floor((car.position[1] - y0) / spacing + 0.5)
        column = math.floor((car.position[0] - x0) / spacing + 0.5)
        inside = 0 <= row < limits.shape[0] and 0 <= column < limits.shape[1]
        record.speed_limit = limits[row, column] if inside and limits[row, column] > 0 else elsewhere


@compiled
def write_appearance(bodies, order, steer_limit, cars):  # type: ignore[no-untyped-def]
    """Write what a camera has to know into records of ``appearance.CAR``."""
    for n in range(order.shape[0]):
        body, car = bodies[order[n]], cars[n]
        car.pose[3], car.pose[4], car.pose[5] = math.degrees(body.pitch), math.degrees(body.yaw), math.degrees(body.roll)
        for k in range(3):
            car.pose[k], car.half_size[k], car.paint[k] = body.position[k], body.half_size[k], body.paint[k]
        car.wheelbase = body.front_axle + body.rear_axle
        car.steer = body.control.steer * body.max_steer * look_up(steer_limit[order[n]], body.forward)
        car.lights = body.lights


@compiled
def attach_to_car(bodies, slot, relative, out):  # type: ignore[no-untyped-def]
    """Write the world pose of what is fixed to a car at the pose ``relative`` into ``out``, both (6,), m and degrees."""
    car = bodies[slot]
    own, fixed = np.empty((3, 3)), np.empty((3, 3))
    write_axes(car.pitch, car.yaw, car.roll, own)
    write_axes(math.radians(relative[3]), math.radians(relative[4]), math.radians(relative[5]), fixed)
    for k in range(3):
        out[k] = car.position[k] + own[k, 0] * relative[0] + own[k, 1] * relative[1] + own[k, 2] * relative[2]
    turned = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            turned[i, j] = own[i, 0] * fixed[0, j] + own[i, 1] * fixed[1, j] + own[i, 2] * fixed[2, j]
    out[3] = math.degrees(math.asin(max(-1.0, min(1.0, turned[2, 0]))))
    out[4] = math.degrees(math.atan2(turned[1, 0], turned[0, 0]))
    out[5] = math.degrees(math.atan2(-turned[2, 1], turned[2, 2]))
