"""Drives a car to a steering angle, a speed and an acceleration, as CARLA's Ackermann control does.

Two PID controllers in a row: the error of the speed moves the wanted acceleration, the error of the acceleration moves the
pedals. Order, gains and limits are those of CARLA 0.9.16 (carla-simulator/carla, ``Vehicle/AckermannController.cpp``).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

STANDSTILL = 0.1  # m/s, of car and target, below which it brakes fully, and of the car below which it may change its direction
GAINS = [0.15, 0.0, 0.25, 0.01, 0.0, 0.01]  # kp, ki, kd of the speed, then of the acceleration
MAX_ACCELERATION = 8.0  # m/s2 where the target names none
SMOOTHING = 0.8  # share of the old value in the measured acceleration


class Target(NamedTuple):
    """CARLA's VehicleAckermannControl."""

    steer: float  # rad, positive to the right
    steer_speed: float  # rad/s; 0: at once
    speed: float  # m/s; negative: backwards
    acceleration: float  # m/s2, the most; 0: ``MAX_ACCELERATION``
    jerk: float  # m/s3; CARLA does not use it either


class Pedals(NamedTuple):
    """What follows for throttle, steering (-1 to 1), brake and direction."""

    throttle: float
    steer: float
    brake: float
    reverse: bool


@dataclass
class Pid:
    """A PID controller, its output clipped to +-1."""

    kp: float
    ki: float
    kd: float
    integral: float = 0.0
    last_error: float = 0.0

    def __call__(self, error: float, dt: float) -> float:
        """The output for an error that is measured every ``dt`` seconds."""
        self.integral += error * dt
        slope, self.last_error = (error - self.last_error) / dt, error
        return max(-1.0, min(1.0, self.kp * error + self.ki * self.integral + self.kd * slope))


class AckermannController:
    """The controller of one car, from when it is driven so until pedals drive it again.

    Args:
        gains: kp, ki, kd of the speed, then of the acceleration.
        target: what to drive to; may be replaced at any time.
        speed: of the car now, m/s.
        steer: of its wheels now, rad.

    """

    def __init__(self, gains: list[float], target: Target, speed: float, steer: float):
        self.speed_control, self.acceleration_control = Pid(*gains[:3]), Pid(*gains[3:])
        self.target = target
        self._last_speed, self._acceleration = speed, 0.0
        self._wanted = 0.0  # acceleration, m/s2
        self._pedal = 0.0  # -1 to 1
        self._steer = steer
        self._reverse = speed < -STANDSTILL

    def set_gains(self, gains: list[float]) -> None:
        """Change the gains; the integrals stay."""
        for pid, values in ((self.speed_control, gains[:3]), (self.acceleration_control, gains[3:])):
            pid.kp, pid.ki, pid.kd = values

    def step(self, speed: float, max_steer: float, dt: float) -> Pedals:
        """Pedals for the next ``dt`` seconds, at a speed (m/s along the car) and the largest steering angle (rad)."""
        self._acceleration = SMOOTHING * self._acceleration + (1.0 - SMOOTHING) * (speed - self._last_speed) / dt
        self._last_speed = speed
        steer = self._turn(self.target, max_steer, dt) / max(1e-6, max_steer)
        wanted = self.target.speed
        if abs(speed) < STANDSTILL and abs(wanted) < STANDSTILL:
            return Pedals(0.0, steer, 1.0, self._reverse)
        if abs(speed) < STANDSTILL:
            self._reverse = wanted < 0.0
        elif speed * wanted < 0.0:
            wanted = 0.0  # first to a stop
        limit = abs(self.target.acceleration) or MAX_ACCELERATION
        self._wanted = max(-limit, min(limit, self._wanted + self.speed_control(wanted - speed, dt)))
        change = self.acceleration_control(self._wanted - self._acceleration, dt)
        self._pedal = max(-1.0, min(1.0, self._pedal + change))
        ahead = -self._pedal if self._reverse else self._pedal
        return Pedals(max(0.0, ahead), steer, max(0.0, -ahead), self._reverse)

    def _turn(self, target: Target, max_steer: float, dt: float) -> float:
        """Turn the wheels towards the target's angle, no faster than it allows; returns the new angle."""
        wanted = max(-max_steer, min(max_steer, target.steer))
        most = abs(target.steer_speed) * dt or math.inf
        self._steer += max(-most, min(most, wanted - self._steer))
        return self._steer
