"""The cars: their parameters, and where these come from.

Sizes, masses, outputs and top speeds are the makers' published figures, rounded. Gear ratios are typical of the class, and
``efficiency``, the two coefficients of grip and ``max_steer`` are fitted, so that acceleration, braking distance, lateral limit
and turning circle come out as published: ``docs/vehicles.md`` has the table of figures with their sources and our errors.
"""

import math
from dataclasses import dataclass
from functools import cached_property

GRAVITY = 9.81  # m/s2
TIRE_FRICTION = 3.5  # CARLA's ``tire_friction`` of its cars; here, the value at which a tyre has the grip of its model


@dataclass(frozen=True)
class VehicleModel:
    """Parameters of a car model.

    Args:
        mass: ready to drive, kg.
        wheelbase: m.
        track: between the wheels of an axle, m.
        half_length: of the body, m.
        half_width: of the body, m.
        half_height: of the body, m.
        wheel_radius: m.
        torque_curve: (rpm, N m) of the engine at full throttle.
        max_rpm: above which a gear has no traction.
        gears: ratios of the forward gears.
        final_ratio: of the final drive.
        efficiency: share of the engine's torque that reaches the road.
        front_drive: share of the traction on the front axle; 1 is front-wheel drive.
        top_speed: at which the engine is limited, km/h.
        drag_coefficient: Cd.
        frontal_area: m2.
        front_share: of the weight on the front axle.
        centre_height: of the centre of mass above the road, m.
        braking_grip: peak friction of the tyres along the road, dry asphalt.
        cornering_grip: the same across it.
        stiffness: cornering stiffness of an axle over its load, 1/rad (Rajamani 2012, table 2-1: 80 kN/rad a tyre).
        max_steer: of the front axle at steer = 1, degrees; the inner wheel turns more, the outer one less.
        spin_up: of the engine, see ``powertrain.traction``; an electric motor has little of it.

    """

    mass: float
    wheelbase: float
    track: float
    half_length: float
    half_width: float
    half_height: float
    wheel_radius: float
    torque_curve: tuple[tuple[float, float], ...]
    max_rpm: float
    gears: tuple[float, ...]
    final_ratio: float
    efficiency: float
    front_drive: float
    top_speed: float
    drag_coefficient: float
    frontal_area: float
    front_share: float
    centre_height: float
    braking_grip: float
    cornering_grip: float
    max_steer: float
    stiffness: float = 12.0
    spin_up: float = 0.0025

    @cached_property
    def radius(self) -> float:
        """Distance from the centre to a corner, m."""
        return math.hypot(self.half_length, self.half_width)


VEHICLES = {
    # Long Range, dual motor, 324 kW, 493 N m (evkx.net): one gear.
    "vehicle.tesla.model3": VehicleModel(
        mass=1847.0,
        wheelbase=2.875,
        track=1.58,
        half_length=2.35,
        half_width=0.93,
        half_height=0.72,
        wheel_radius=0.335,
        torque_curve=((0.0, 493.0), (6000.0, 493.0), (9000.0, 340.0), (12000.0, 250.0), (16000.0, 185.0), (18000.0, 160.0)),
        max_rpm=18000.0,
        gears=(1.0,),
        final_ratio=9.0,
        efficiency=0.96,
        front_drive=0.5,
        top_speed=233.0,
        drag_coefficient=0.23,
        frontal_area=2.22,
        front_share=0.48,
        centre_height=0.46,
        braking_grip=0.99,
        cornering_grip=0.97,
        max_steer=33.7,
        spin_up=0.0,
    ),
    # 2.0T, front-wheel drive, 183 kW, 373 N m, six-speed automatic.
    "vehicle.lincoln.mkz_2020": VehicleModel(
        mass=1690.0,
        wheelbase=2.850,
        track=1.59,
        half_length=2.46,
        half_width=0.93,
        half_height=0.74,
        wheel_radius=0.335,
        torque_curve=((0.0, 300.0), (1500.0, 300.0), (2500.0, 373.0), (4000.0, 373.0), (5500.0, 318.0), (6500.0, 240.0)),
        max_rpm=6500.0,
        gears=(4.58, 2.96, 1.91, 1.45, 1.0, 0.75),
        final_ratio=3.07,
        efficiency=0.85,
        front_drive=1.0,
        top_speed=209.0,
        drag_coefficient=0.28,
        frontal_area=2.30,
        front_share=0.58,
        centre_height=0.52,
        braking_grip=0.93,
        cornering_grip=0.90,
        max_steer=34.0,
    ),
    # Third generation, 2.0 TFSI quattro, 169 kW, 370 N m, six-speed dual clutch.
    "vehicle.audi.tt": VehicleModel(
        mass=1335.0,
        wheelbase=2.505,
        track=1.57,
        half_length=2.09,
        half_width=0.92,
        half_height=0.68,
        wheel_radius=0.32,
        torque_curve=((0.0, 300.0), (1600.0, 370.0), (4300.0, 370.0), (4500.0, 359.0), (6200.0, 260.0), (6800.0, 210.0)),
        max_rpm=6800.0,
        gears=(3.46, 2.15, 1.46, 1.08, 0.86, 0.71),
        final_ratio=4.06,
        efficiency=0.9,
        front_drive=0.6,
        top_speed=250.0,
        drag_coefficient=0.30,
        frontal_area=2.09,
        front_share=0.58,
        centre_height=0.50,
        braking_grip=1.08,
        cornering_grip=1.0,
        max_steer=31.7,
    ),
    # Fourth generation (K13), 1.2 litres, 59 kW, 110 N m, five-speed.
    "vehicle.nissan.micra": VehicleModel(
        mass=1000.0,
        wheelbase=2.430,
        track=1.47,
        half_length=1.86,
        half_width=0.83,
        half_height=0.77,
        wheel_radius=0.29,
        torque_curve=((0.0, 95.0), (2000.0, 95.0), (4000.0, 110.0), (5000.0, 104.0), (6000.0, 94.0), (6500.0, 80.0)),
        max_rpm=6500.0,
        gears=(3.73, 2.05, 1.39, 1.03, 0.82),
        final_ratio=4.07,
        efficiency=0.9,
        front_drive=1.0,
        top_speed=170.0,
        drag_coefficient=0.32,
        frontal_area=2.06,
        front_share=0.61,
        centre_height=0.55,
        braking_grip=1.08,
        cornering_grip=0.92,
        max_steer=37.2,
    ),
}
