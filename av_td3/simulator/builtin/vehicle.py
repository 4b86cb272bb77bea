"""How a car moves: a dynamic single-track ("bicycle") model with saturating tyres.

Equations of motion: Rajamani, "Vehicle Dynamics and Control" (2nd ed. 2012), section 2.3 (lateral) and 4.1-4.2
(longitudinal: traction, aerodynamic drag, rolling resistance). The tyre is linear with slip angle and saturates at the
friction circle through a hyperbolic tangent, a common stand-in for Pacejka's curve (ibid. chapter 13). Below
``KINEMATIC_SPEED`` slip angles are undefined and the kinematic single-track model (section 2.2) takes over.
"""

import math
from dataclasses import dataclass
from functools import cached_property

GRAVITY = 9.81  # m/s2
AIR_DENSITY = 1.225  # kg/m3, ISA sea level
ROLLING_RESISTANCE = 0.013  # -, car tyre on asphalt (Rajamani 2012, section 4.1.3: 0.015 is typical of radial tyres)
DRY_FRICTION = 0.9  # -, peak, dry asphalt (Wong, "Theory of Ground Vehicles", 4th ed. 2008, table 1.4: 0.8 to 0.9)
WET_FRICTION = 0.6  # -, peak, wet asphalt (same table: 0.5 to 0.7)
KINEMATIC_SPEED = 2.0  # m/s
ENGINE_BRAKING = 0.3  # m/s2 with no pedal pressed, about that of a car coasting in gear


@dataclass(frozen=True)
class VehicleModel:
    """Parameters of a car model. Masses, sizes and powers are the makers' published figures, rounded."""

    mass: float  # kg, ready to drive
    wheelbase: float  # m
    half_length: float  # m
    half_width: float  # m
    half_height: float  # m
    power: float  # W at the wheels; traction is min(peak_force, power / v), an ideal gearbox's envelope
    peak_force: float  # N at the wheels from standstill
    drag_area: float  # m2, Cd times frontal area
    front_share: float = 0.5  # of the weight on the front axle
    max_steer: float = 35.0  # degrees at the front wheels for steer = 1
    stiffness: float = 12.0  # tyre cornering stiffness per axle load, 1/rad (Rajamani 2012, table 2-1: 80 kN/rad a tyre)

    @cached_property
    def radius(self) -> float:
        """Distance from the centre to a corner, m."""
        return math.hypot(self.half_length, self.half_width)

    @cached_property
    def front_axle(self) -> float:
        """Distance from the centre of mass to the front axle, m."""
        return self.wheelbase * (1.0 - self.front_share)

    @cached_property
    def rear_axle(self) -> float:
        """Distance from the centre of mass to the rear axle, m."""
        return self.wheelbase * self.front_share

    @cached_property
    def yaw_inertia(self) -> float:
        """Kg m2, from the usual estimate m * lf * lr (Rajamani 2012, section 2.3: dynamic index of one)."""
        return self.mass * self.front_axle * self.rear_axle


MAX_POSITION = 1e7  # m, and rad of heading
MAX_SPEED = 1e5  # m/s, and rad/s of turning


@dataclass(slots=True)
class Motion:
    """Planar state of one car: world position (m), heading (rad), body velocities (m/s, rad/s)."""

    x: float
    y: float
    yaw: float
    forward: float = 0.0
    lateral: float = 0.0
    yaw_rate: float = 0.0

    def check(self) -> None:
        """Raise ArithmeticError where the state is not finite, or too large for a car."""
        # Written so that NaN fails too.
        if not abs(self.x) + abs(self.y) + abs(self.yaw) <= MAX_POSITION:
            raise ArithmeticError(f"it is at ({self.x:g}, {self.y:g}) m, heading {self.yaw:g} rad")
        if not abs(self.forward) + abs(self.lateral) + abs(self.yaw_rate) <= MAX_SPEED:
            raise ArithmeticError(f"it moves at ({self.forward:g}, {self.lateral:g}) m/s, turning {self.yaw_rate:g} rad/s")


@dataclass(slots=True)
class VehicleControl:
    """Throttle and brake, 0 to 1, and steer, -1 to 1, as in CARLA's VehicleControl."""

    throttle: float = 0.0
    steer: float = 0.0
    brake: float = 0.0
    hand_brake: bool = False
    reverse: bool = False


def road_friction(wetness: float) -> float:
    """Peak friction coefficient for a weather wetness of 0 (dry) to 100 (soaked)."""
    return DRY_FRICTION + (WET_FRICTION - DRY_FRICTION) * max(0.0, min(1.0, wetness / 100.0))


def retarding_force(model: VehicleModel, control: VehicleControl, friction: float) -> float:
    """Most force with which brakes, engine and tyres can oppose the motion, N; at rest they hold the car."""
    grip = friction * model.mass * GRAVITY
    brakes = min(1.0, control.brake + (0.6 if control.hand_brake else 0.0)) * grip
    engine = ENGINE_BRAKING * model.mass * (1.0 - min(1.0, control.throttle))
    return min(grip, brakes + engine + ROLLING_RESISTANCE * model.mass * GRAVITY)


def advance(model: VehicleModel, motion: Motion, control: VehicleControl, friction: float, dt: float, steps: int) -> None:
    """Move one car by ``steps`` times ``dt`` seconds (semi-implicit Euler: velocities first, then the pose)."""
    if motion.forward == 0.0 and control.throttle == 0.0:
        motion.lateral = motion.yaw_rate = 0.0
        return
    # Constant over all steps.
    mass, lf, lr, grip = model.mass, model.front_axle, model.rear_axle, friction * GRAVITY
    steer = math.radians(model.max_steer) * control.steer
    sin_steer, cos_steer, tan_steer = math.sin(steer), math.cos(steer), math.tan(steer)
    throttle = -0.5 * control.throttle if control.reverse else control.throttle
    peak, drag = min(model.peak_force, grip * mass), 0.5 * AIR_DENSITY * model.drag_area
    stop = dt * retarding_force(model, control, friction) / mass
    load_front, load_rear = mass * GRAVITY * model.front_share, mass * GRAVITY * (1.0 - model.front_share)

    x, y, yaw, v = motion.x, motion.y, motion.yaw, motion.forward
    lateral, yaw_rate = motion.lateral, motion.yaw_rate
    for _ in range(steps):
        force = throttle * min(peak, model.power / max(abs(v), 1.0)) - drag * v * abs(v)
        moved = v + dt * force / mass
        forward = max(0.0, moved - stop) if moved > 0.0 else min(0.0, moved + stop)
        if forward < KINEMATIC_SPEED:
            yaw_rate = forward / model.wheelbase * tan_steer
            lateral = yaw_rate * lr
        else:
            # The friction circle: longitudinal force reduces the available lateral force.
            used = min(0.95, abs(forward - v) / dt / grip)
            side = friction * math.sqrt(1.0 - used * used)
            slip_front = steer - math.atan2(lateral + lf * yaw_rate, forward)
            slip_rear = -math.atan2(lateral - lr * yaw_rate, forward)
            force_front = side * load_front * math.tanh(model.stiffness * slip_front / side)
            force_rear = side * load_rear * math.tanh(model.stiffness * slip_rear / side)
            lateral += dt * ((force_front * cos_steer + force_rear) / mass - forward * yaw_rate)
            yaw_rate += dt * (lf * force_front * cos_steer - lr * force_rear) / model.yaw_inertia
            forward += dt * (lateral * yaw_rate - force_front * sin_steer / mass)
        v = forward
        yaw += dt * yaw_rate
        c, s = math.cos(yaw), math.sin(yaw)
        x += dt * (v * c - lateral * s)
        y += dt * (v * s + lateral * c)
    motion.x, motion.y, motion.yaw, motion.forward = x, y, yaw, v
    motion.lateral, motion.yaw_rate = lateral, yaw_rate


def hold_velocity(
    model: VehicleModel,
    motion: Motion,
    control: VehicleControl,
    friction: float,
    dt: float,
    steps: int,
    velocity: tuple[float, float],
) -> None:
    """Like ``advance``, at a constant velocity (forward, lateral; m/s) while the steering still turns the car."""
    for _ in range(steps):
        x, y = motion.x, motion.y
        motion.forward, motion.lateral = velocity
        advance(model, motion, control, friction, dt, 1)
        motion.forward, motion.lateral = velocity
        c, s = math.cos(motion.yaw), math.sin(motion.yaw)
        motion.x = x + dt * (c * motion.forward - s * motion.lateral)
        motion.y = y + dt * (s * motion.forward + c * motion.lateral)
