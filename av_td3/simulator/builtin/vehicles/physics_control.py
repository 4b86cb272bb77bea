"""CARLA's VehiclePhysicsControl: its wire record, what our cars start with, and what a change of it does.

In effect: mass, centre of mass, drag coefficient, torque curve, highest rpm, gear ratios, final ratio, steering curve, and of
the wheels tyre friction, steering angle, radius, brake torques and lateral stiffness. The rest (moment of inertia, damping
rates, clutch, shift times, load of the lateral stiffness, longitudinal stiffness, positions, sweep collisions) is only kept.
"""

import itertools
import math
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.arguments import ArgumentError, flag, list_of, number, record, vector
from av_td3.simulator.builtin.vehicles.powertrain import MAX_GEARS, SPEEDS, traction
from av_td3.simulator.builtin.vehicles.vehicle import GRAVITY, TIRE_FRICTION, VehicleModel

AIR_DENSITY = 1.225  # kg/m3, ISA sea level
BRAKE_RESERVE = 1.05  # brake force at full pedal over what dry asphalt transmits
HAND_BRAKE = 1.5  # the same of the hand brake, on the rear axle: it locks the wheels
LATERAL_STIFFNESS = 20.0  # CARLA's ``lat_stiff_value``; here, that of the model's own stiffness
MAX_POINTS = 64  # of a curve

_positive = number(1e-3, 1e9)
_not_negative = number(0.0, 1e9)
_wheel = record(
    tire_friction=_not_negative,
    damping_rate=_not_negative,
    max_steer_angle=number(0.0, 89.0),
    radius=number(1.0, 1000.0),
    max_brake_torque=_not_negative,
    max_handbrake_torque=_not_negative,
    lat_stiff_max_load=_not_negative,
    lat_stiff_value=_not_negative,
    long_stiff_value=_not_negative,
    position=vector(1e9),
)
_gear = record(ratio=number(-100.0, 100.0), down_ratio=number(), up_ratio=number())
_point = record(x=number(-1e6, 1e6), y=number(-1e6, 1e6))


def _between(reader: Any, low: int, high: int) -> Any:
    """A list with so many entries."""
    entries = list_of(reader)

    def read(value: object) -> list[Any]:
        out: list[Any] = entries(value)
        if not low <= len(out) <= high:
            many = str(low) if low == high else f"{low} to {high}"
            raise ArgumentError(f"must have {many} entries, not {len(out)}")
        return out

    return read


def _curve(value: object) -> list[list[float]]:
    """Points with ascending x."""
    points: list[list[float]] = _between(_point, 1, MAX_POINTS)(value)
    if any(a[0] >= b[0] for a, b in itertools.pairwise(points)):
        raise ArgumentError("must have ascending x")
    return points


PhysicsControlRecord = Annotated[
    list[Any],
    record(
        torque_curve=_curve,
        max_rpm=_positive,
        moi=_not_negative,
        damping_rate_full_throttle=_not_negative,
        damping_rate_zero_throttle_clutch_engaged=_not_negative,
        damping_rate_zero_throttle_clutch_disengaged=_not_negative,
        use_gear_autobox=flag,
        gear_switch_time=_not_negative,
        clutch_strength=_not_negative,
        final_ratio=_positive,
        forward_gears=_between(_gear, 1, MAX_GEARS),
        mass=number(1.0, 1e6),
        drag_coefficient=_not_negative,
        center_of_mass=vector(100.0),
        steering_curve=_curve,
        wheels=_between(_wheel, 4, 4),
        use_sweep_wheel_collision=flag,
    ),
]


class PhysicsControl(NamedTuple):
    """The record as on the wire: lengths of wheels in cm, wheels front left, front right, rear left, rear right."""

    torque_curve: list[list[float]]
    max_rpm: float
    moi: float
    damping_rate_full_throttle: float
    damping_rate_zero_throttle_clutch_engaged: float
    damping_rate_zero_throttle_clutch_disengaged: float
    use_gear_autobox: bool
    gear_switch_time: float
    clutch_strength: float
    final_ratio: float
    forward_gears: list[list[float]]
    mass: float
    drag_coefficient: float
    center_of_mass: list[float]
    steering_curve: list[list[float]]
    wheels: list[list[Any]]
    use_sweep_wheel_collision: bool

    @classmethod
    def of(cls, model: VehicleModel) -> "PhysicsControl":
        """What a car of this model starts with."""
        front, rear, hand = _brake_forces(model)
        lf = model.wheelbase * (1.0 - model.front_share)
        radius = model.wheel_radius
        wheels = [
            [
                *(TIRE_FRICTION, 0.25, steer, 100.0 * radius, 0.5 * brake * radius, 0.5 * held * radius),
                *(3.0, LATERAL_STIFFNESS, 3000.0, [100.0 * x, 100.0 * y, 100.0 * radius]),
            ]
            for x, steer, brake, held in ((lf, model.max_steer, front, 0.0), (lf - model.wheelbase, 0.0, rear, hand))
            for y in (-0.5 * model.track, 0.5 * model.track)
        ]
        return cls(
            torque_curve=[list(point) for point in model.torque_curve],
            max_rpm=model.max_rpm,
            moi=1.0,
            damping_rate_full_throttle=0.15,
            damping_rate_zero_throttle_clutch_engaged=2.0,
            damping_rate_zero_throttle_clutch_disengaged=0.35,
            use_gear_autobox=True,
            gear_switch_time=0.0,
            clutch_strength=10.0,
            final_ratio=model.final_ratio,
            forward_gears=[[ratio, 0.5, 0.65] for ratio in model.gears],
            mass=model.mass,
            drag_coefficient=model.drag_coefficient,
            center_of_mass=[0.0, 0.0, 0.0],
            steering_curve=[[0.0, 1.0], [120.0, 1.0]],
            wheels=wheels,
            use_sweep_wheel_collision=True,
        )

    def traction(self, model: VehicleModel) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
        """Force at the road by gear and speed, and the best gear: see ``powertrain.traction``."""
        curve = [(rpm, torque) for rpm, torque in self.torque_curve]
        gears = [ratio for ratio, _, _ in self.forward_gears]
        radius = self.wheels[0][3] / 100.0
        top_speed = model.top_speed / 3.6
        return traction(curve, self.max_rpm, gears, self.final_ratio, model.efficiency, radius, top_speed, model.spin_up)

    def steer_limit(self) -> NDArray[np.float64]:
        """Share of the steering angle at each of ``powertrain.SPEEDS``."""
        speed, share = zip(*self.steering_curve, strict=True)
        return np.asarray(np.interp(SPEEDS * 3.6, speed, share))

    def write(self, model: VehicleModel, body: np.void) -> None:
        """Set what follows from it in a car's record of ``fleet_arrays.BODY``."""
        front, rear = self.wheels[:2], self.wheels[2:]
        ahead, _, up = self.center_of_mass
        body["mass"], body["gears"] = self.mass, len(self.forward_gears)
        body["front_axle"] = lf = max(0.1, model.wheelbase * (1.0 - model.front_share) - ahead)
        body["rear_axle"] = lr = max(0.1, model.wheelbase * model.front_share + ahead)
        body["inertia"] = self.mass * lf * lr  # Rajamani 2012, section 2.3: a dynamic index of one
        body["centre_height"] = max(0.05, model.centre_height + up)
        body["drag"] = 0.5 * AIR_DENSITY * self.drag_coefficient * model.frontal_area
        body["front_brakes"] = sum(wheel[4] / (wheel[3] / 100.0) for wheel in front)
        body["rear_brakes"] = sum(wheel[4] / (wheel[3] / 100.0) for wheel in rear)
        body["hand_brakes"] = sum(wheel[5] / (wheel[3] / 100.0) for wheel in rear)
        body["front_grip"] = 0.5 * sum(wheel[0] for wheel in front) / TIRE_FRICTION
        body["rear_grip"] = 0.5 * sum(wheel[0] for wheel in rear) / TIRE_FRICTION
        body["stiffness"] = model.stiffness * 0.25 * sum(wheel[7] for wheel in self.wheels) / LATERAL_STIFFNESS
        body["max_steer"] = math.radians(0.5 * sum(wheel[2] for wheel in front))


def _brake_forces(model: VehicleModel) -> tuple[float, float, float]:
    """Front, rear and hand brake at full pedal (N), shared between the axles like their loads in an emergency stop."""
    weight = model.mass * GRAVITY
    front = model.front_share + model.braking_grip * model.centre_height / model.wheelbase
    total = BRAKE_RESERVE * model.braking_grip * weight
    return total * front, total * (1.0 - front), HAND_BRAKE * model.braking_grip * weight * (1.0 - model.front_share)
