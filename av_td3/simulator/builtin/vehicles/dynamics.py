"""How cars move: a dynamic single-track ("bicycle") model on four wheels that feel the ground.

Equations of motion: Rajamani, "Vehicle Dynamics and Control" (2nd ed. 2012): section 2.3 (lateral), 4.1-4.2 (longitudinal:
traction, aerodynamic drag, rolling resistance, load transfer), 13.7 (combined slip: friction ellipse). The side force of an
axle grows linearly with its slip angle and saturates through a hyperbolic tangent, a common stand-in for Pacejka's curve (ibid.
13.5)::

    m (dv/dt - u r) = traction - brakes - rolling resistance - drag v|v| - front side force * sin(steer) - m g sin(slope)
    m (du/dt + v r) = front side force * cos(steer) + rear side force - m g sin(bank)
    I dr/dt         = front axle * front side force * cos(steer) - rear axle * rear side force

with v, u the velocities along and across the car and r the yaw rate. Lateral velocity and yaw rate are integrated by the
linearly implicit Euler method (Hairer and Wanner, "Solving Ordinary Differential Equations II", 2nd ed. 1996, section IV.7),
which is stable at any step, also near standstill, where tyres are stiff; the other states by semi-implicit Euler: velocities
first, then the pose.
"""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.vehicles.contact_patch import wheel_contact
from av_td3.simulator.builtin.vehicles.vehicle import GRAVITY

SLOW = 0.5  # m/s below which slip angles are taken as at this speed: at standstill they are undefined
ENGINE_BRAKING = 0.3  # m/s2 with no pedal pressed, about that of a car coasting in gear
ENGINE_BRAKING_SPEED = 3.0  # m/s from which it is all there
CREEP, CREEP_SPEED = 0.5, 2.0  # m/s2 at rest, and m/s up to which a car creeps at a little throttle
CREEP_THROTTLE = 0.05  # from which it is all there
REVERSE_SPEED = 12.0  # m/s at which the traction in reverse has faded
REVERSE_TRACTION = 0.5  # of the traction in first gear
MIN_GRIP = 0.3  # share of the grip that stays in one direction however much is used in the other
HOLDING_BRAKE = 0.25  # that holds a car on a grade of 25 %, and with two wheels on a kerb
SETTLED = 0.02  # m/s and rad/s, below which a car that does not roll stands still
PITCH_TIME = 0.1  # s, in which the load moves between the axles
SLIDING = 0.85  # friction of a locked wheel over the peak (Wong, "Theory of Ground Vehicles", 4th ed. 2008, table 1.4)


@compiled
def look_up(table: NDArray[np.float64], speed: float) -> float:
    """A table over ``powertrain.SPEEDS`` at a speed in m/s."""
    position = min(abs(speed), table.shape[0] - 1.001)
    index = int(position)
    return float(table[index] + (position - index) * (table[index + 1] - table[index]))


@compiled
def creep_force(throttle: float, mass: float, speed: float) -> float:
    """Traction (N) of an engine that keeps its idle speed, through clutch or converter: from a little throttle on."""
    return CREEP * mass * min(1.0, throttle / CREEP_THROTTLE) * max(0.0, 1.0 - max(0.0, speed) / CREEP_SPEED)


@compiled
def feel_ground(car, labels, relief, x0, y0, friction, rolling, heights):  # type: ignore[no-untyped-def]
    """What the wheels feel.

    Returns:
        Friction of the front and of the rear wheels over that of dry asphalt, rolling resistance, slope along and bank across
        the car (m per m), the last three weighted by the static load.

    """
    c, s = math.cos(car.yaw), math.sin(car.yaw)
    wheelbase = car.front_axle + car.rear_axle
    front, rear, resistance, slope, bank = 0.0, 0.0, 0.0, 0.0, 0.0
    for wheel in range(4):
        ahead = car.front_axle if wheel < 2 else -car.rear_axle
        right = car.half_track if wheel % 2 else -car.half_track
        share = 0.5 * (car.rear_axle if wheel < 2 else car.front_axle) / wheelbase
        x, y = car.position[0] + c * ahead - s * right, car.position[1] + s * ahead + c * right
        surface, height, rise = wheel_contact(labels, relief, heights, x0, y0, x, y, c, s)
        if wheel < 2:
            front += 0.5 * friction[surface]
        else:
            rear += 0.5 * friction[surface]
        resistance += share * rolling[surface]
        slope += share * rise
        bank -= share * height / right
    return front * car.front_grip, rear * car.rear_grip, resistance, slope, bank


@compiled
def axle_loads(car):  # type: ignore[no-untyped-def]
    """Vertical load (N) of the front and of the rear axle, which an acceleration shifts."""
    weight, wheelbase = car.mass * GRAVITY, car.front_axle + car.rear_axle
    shift = car.mass * car.pull * car.centre_height / wheelbase
    return max(0.0, weight * car.rear_axle / wheelbase - shift), max(0.0, weight * car.front_axle / wheelbase + shift)


@compiled
def side_force(slip, across, rolled, load, stiffness, limit):  # type: ignore[no-untyped-def]
    """Side force of an axle (N), and the share of it per velocity across the wheels (N s/m), as of a damper.

    The share, not the derivative, makes the implicit step stable where tyres saturate: their derivative is zero there.

    Args:
        slip: slip angle, rad.
        across: velocity across the wheels, m/s.
        rolled: velocity along them, at least ``SLOW``, m/s.
        load: N.
        stiffness: cornering stiffness over the load, 1/rad.
        limit: largest side force, N.

    """
    if limit <= 0.0:
        return 0.0, 0.0
    force = limit * math.tanh(stiffness * load * slip / limit)
    return force, abs(force / across) if abs(across) > 1e-6 else stiffness * load / rolled


@compiled
def ellipse(share: float) -> float:
    """The friction ellipse: share of the grip in one direction that is left where ``share`` is used in the other."""
    return max(MIN_GRIP, math.sqrt(max(0.0, 1.0 - share * share)))


@compiled
def engine_force(car, traction):  # type: ignore[no-untyped-def]
    """Force (N) at the road that the engine would give; as in CARLA, gear -1 is reverse and 0 neutral."""
    control = car.control
    if control.reverse or (control.manual and control.gear < 0):
        limiter = max(0.0, 1.0 + car.forward / REVERSE_SPEED) if car.forward < 0.0 else 1.0
        full = REVERSE_TRACTION * limiter * look_up(traction[1], car.forward)
        return -max(control.throttle * full, creep_force(control.throttle, car.mass, -car.forward))
    if control.manual and control.gear == 0:
        return 0.0
    gear = min(control.gear, car.gears) if control.manual else 0
    return max(control.throttle * look_up(traction[gear], car.forward), creep_force(control.throttle, car.mass, car.forward))


@compiled
def stands(car) -> bool:  # type: ignore[no-untyped-def]
    """Whether a car is at rest, and its brakes hold it on any ground: most cars of a queue, and not worth a step."""
    rests = car.forward == 0.0 and car.lateral == 0.0 and car.yaw_rate == 0.0 and not car.held
    pushed = car.force[0] != 0.0 or car.force[1] != 0.0 or car.torque != 0.0
    return rests and not pushed and car.control.throttle == 0.0 and car.control.brake >= HOLDING_BRAKE


@compiled
def step_car(car, traction, steer_limit, labels, relief, x0, y0, friction, rolling, heights, dt):  # type: ignore[no-untyped-def]
    """Advance one car by ``dt`` seconds.

    Args:
        car: its record of ``fleet_arrays.BODY``, changed in place.
        traction: N, ``(gears + 1, speeds)``, of ``powertrain.traction``.
        steer_limit: share of ``max_steer`` by speed, ``(speeds,)``.
        labels: surfaces of the ground, as ``relief``, ``x0`` and ``y0`` of ``ground.Ground``.
        relief: heights, or an array of one row where the town is level.
        x0: m.
        y0: m.
        friction: by surface, over that of dry asphalt.
        rolling: rolling resistance by surface.
        heights: m, by surface.
        dt: s.

    """
    if stands(car):
        car.pull = 0.0
        return
    v, u, r = car.forward, car.lateral, car.yaw_rate
    mass, lf, lr = car.mass, car.front_axle, car.rear_axle
    front_friction, rear_friction, resistance, slope, bank = feel_ground(
        car, labels, relief, x0, y0, friction, rolling, heights
    )
    front_load, rear_load = axle_loads(car)
    front_peak, rear_peak = car.braking_grip * front_friction * front_load, car.braking_grip * rear_friction * rear_load
    front_limit, rear_limit = car.cornering_grip * front_friction * front_load, car.cornering_grip * rear_friction * rear_load

    steer = car.max_steer * car.control.steer * look_up(steer_limit, v)
    cos_steer, sin_steer = math.cos(steer), math.sin(steer)
    front_across, rear_across = u + lf * r, u - lr * r
    front_along, front_slide = v * cos_steer + front_across * sin_steer, front_across * cos_steer - v * sin_steer
    front_rolled, rear_rolled = max(SLOW, abs(front_along)), max(SLOW, abs(v))
    front_slip, rear_slip = -math.atan2(front_slide, front_rolled), -math.atan2(rear_across, rear_rolled)

    # Traction control, stability control and antilock brakes: traction, and the rear brakes, take what the side force leaves,
    # so that the car can be steered and its tail stays behind; the front brakes take what the tyres have.
    front_room = front_peak * ellipse(math.tanh(car.stiffness * front_load * front_slip / max(front_limit, 1e-9)))
    rear_room = rear_peak * ellipse(math.tanh(car.stiffness * rear_load * rear_slip / max(rear_limit, 1e-9)))
    pull = engine_force(car, traction)
    front_pull = max(-front_room, min(front_room, car.front_drive * pull))
    rear_pull = max(-rear_room, min(rear_room, (1.0 - car.front_drive) * pull))
    front_brake = min(front_peak, car.control.brake * car.front_brakes)
    rear_brake = min(rear_room, car.control.brake * car.rear_brakes)
    held = car.control.brake * car.rear_brakes + car.hand_brakes  # by pedal and hand brake

    side_room = front_limit * ellipse((abs(front_pull) + front_brake) / max(front_peak, 1e-9))
    front_side, front_slope = side_force(front_slip, front_slide, front_rolled, front_load, car.stiffness, side_room)
    front_slope *= cos_steer * cos_steer
    if car.control.hand_brake and held > rear_peak:  # the rear wheels lock, and slide
        slide = SLIDING / max(SLOW, math.hypot(v, rear_across))
        rear_pull, rear_brake = 0.0, rear_peak * slide * max(SLOW, abs(v))
        rear_slope = rear_limit * slide
        rear_side = -rear_slope * rear_across
    else:
        if car.control.hand_brake:
            rear_brake = held
        side_room = rear_limit * ellipse((abs(rear_pull) + rear_brake) / max(rear_peak, 1e-9))
        rear_side, rear_slope = side_force(rear_slip, rear_across, rear_rolled, rear_load, car.stiffness, side_room)

    # Along the car.
    c, s = math.cos(car.yaw), math.sin(car.yaw)
    coasting = ENGINE_BRAKING * mass * (1.0 - min(1.0, car.control.throttle)) * min(1.0, abs(v) / ENGINE_BRAKING_SPEED)
    retarding = front_brake + rear_brake + coasting + resistance * mass * GRAVITY
    driving = front_pull + rear_pull - car.drag * v * abs(v) - mass * GRAVITY * slope - front_side * sin_steer
    driving += car.force[0] * c + car.force[1] * s
    moved, stop = v + dt * (driving / mass + u * r), dt * retarding / mass
    forward = max(0.0, moved - stop) if moved > 0.0 else min(0.0, moved + stop)

    # Across the car: (1 - dt J) change = dt f, with J the change of f by lateral velocity and yaw rate.
    side = front_side * cos_steer + rear_side + car.force[1] * c - car.force[0] * s
    f_lateral = side / mass + GRAVITY * bank - forward * r
    f_yaw = (lf * front_side * cos_steer - lr * rear_side + car.torque) / car.inertia
    a = 1.0 + dt * (front_slope + rear_slope) / mass
    b = dt * ((lf * front_slope - lr * rear_slope) / mass + forward)
    d = dt * (lf * front_slope - lr * rear_slope) / car.inertia
    e = 1.0 + dt * (lf * lf * front_slope + lr * lr * rear_slope) / car.inertia
    determinant = a * e - b * d
    lateral = u + dt * (f_lateral * e - b * f_yaw) / determinant
    yaw_rate = r + dt * (a * f_yaw - d * f_lateral) / determinant
    if forward == 0.0 and abs(lateral) < SETTLED and abs(yaw_rate) < SETTLED:
        lateral = yaw_rate = 0.0

    car.pull += ((forward - v) / dt - u * r - car.pull) * min(1.0, dt / PITCH_TIME)
    if car.held:
        forward, lateral = car.held_velocity[0], car.held_velocity[1]
    move(car, forward, lateral, yaw_rate, dt)


@compiled
def move(car, forward, lateral, yaw_rate, dt):  # type: ignore[no-untyped-def]
    """Set the velocities of a car (m/s, rad/s), and move it with them for ``dt`` seconds."""
    car.forward, car.lateral, car.yaw_rate = forward, lateral, yaw_rate
    car.yaw += dt * yaw_rate
    c, s = math.cos(car.yaw), math.sin(car.yaw)
    car.position[0] += dt * (forward * c - lateral * s)
    car.position[1] += dt * (forward * s + lateral * c)


@compiled
def stand_on_ground(car, labels, relief, x0, y0, heights):  # type: ignore[no-untyped-def]
    """Set height, pitch and roll of a car to those of the ground below its wheels."""
    c, s = math.cos(car.yaw), math.sin(car.yaw)
    wheels = np.empty(4)
    for wheel in range(4):
        ahead = car.front_axle if wheel < 2 else -car.rear_axle
        right = car.half_track if wheel % 2 else -car.half_track
        x, y = car.position[0] + c * ahead - s * right, car.position[1] + s * ahead + c * right
        _, wheels[wheel], _ = wheel_contact(labels, relief, heights, x0, y0, x, y, c, s)
    front, rear = 0.5 * (wheels[0] + wheels[1]), 0.5 * (wheels[2] + wheels[3])
    wheelbase = car.front_axle + car.rear_axle
    car.position[2] = (front * car.rear_axle + rear * car.front_axle) / wheelbase
    car.pitch = math.atan2(front - rear, wheelbase)
    car.roll = math.atan2(0.5 * (wheels[0] + wheels[2] - wheels[1] - wheels[3]), 2.0 * car.half_track)
