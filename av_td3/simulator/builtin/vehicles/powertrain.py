"""The traction of a car by speed: torque curve, gears and limiter, sampled once, so that a step only looks it up."""

import math

import numpy as np
from numpy.typing import NDArray

SPEEDS = np.arange(128, dtype=np.float64)  # m/s, at which tables are sampled; between them they are linear
MAX_GEARS = 8
WHEELS_SPIN_UP = 1.04  # share of mass and wheels over mass (Gillespie 1992, chapter 2)
TAPER = 1.0  # m/s around the top speed over which the limiter takes the traction away


def traction(
    torque_curve: list[tuple[float, float]],
    max_rpm: float,
    gears: list[float],
    final_ratio: float,
    efficiency: float,
    wheel_radius: float,
    top_speed: float,
    spin_up: float,
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Force at the road at full throttle, and the gear of an ideal automatic gearbox.

    Below the first point of the torque curve the clutch slips, or the converter turns, at the torque of that point.

    Args:
        torque_curve: (rpm, N m), rpm ascending.
        max_rpm: above which a gear has no traction.
        gears: ratios of the forward gears, at most ``MAX_GEARS``.
        final_ratio: of the final drive.
        efficiency: share of the torque that reaches the road at constant speed.
        wheel_radius: m.
        top_speed: m/s.
        spin_up: how much of the force accelerates the engine, times the square of the ratio from wheel to engine (Gillespie,
            "Fundamentals of Vehicle Dynamics", 1992, chapter 2: a mass factor of 1.04 + 0.0025 ratio^2).

    Returns:
        Force in N, ``(MAX_GEARS + 1, len(SPEEDS))``: row 0 of the best gear at each speed, row n of gear n; and that best gear,
        ``(len(SPEEDS),)``, from 1 on.

    """
    rpm, torque = (np.array(column, np.float64) for column in zip(*torque_curve, strict=True))
    force = np.zeros((MAX_GEARS + 1, len(SPEEDS)))
    limiter = np.clip((top_speed + TAPER / 2.0 - SPEEDS) / TAPER, 0.0, 1.0)
    for number, ratio in enumerate(gears, 1):
        lever = ratio * final_ratio / wheel_radius
        speed = SPEEDS * lever * 60.0 / (2.0 * math.pi)
        mass_factor = WHEELS_SPIN_UP + spin_up * (ratio * final_ratio) ** 2
        pull = np.interp(speed, rpm, torque) * lever * efficiency / mass_factor
        force[number] = np.where(speed <= max_rpm, pull, 0.0)
    forward = force[1 : len(gears) + 1]
    best = np.where(forward.any(axis=0), forward.argmax(axis=0), int(np.argmin(gears)))
    force[0] = forward.max(axis=0)
    force *= limiter
    return force, (1 + best).astype(np.int8)
