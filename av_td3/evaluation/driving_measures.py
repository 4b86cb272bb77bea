"""Measures of how an episode was driven."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3.evaluation.car_discs import time_to_collision
from av_td3.evaluation.driver import Info
from av_td3.evaluation.driving_score import driving_score
from av_td3.runs.evaluated_episodes import FAILED

MIN_DISTANCE = 1.0  # m, below which a rate per kilometre means nothing


@dataclass
class DrivingMeasures:
    """Collects the steps of an episode.

    Args:
        delta: duration of a step, s.
        target_speed: m/s; None where the reward has none.

    """

    delta: float
    target_speed: float | None
    _half_size: tuple[float, float] = (0.0, 0.0)  # of the car, m
    _speeds: list[float] = field(default_factory=list)  # m/s, of the first observation and each step
    _yaws: list[float] = field(default_factory=list)
    _lateral: list[float] = field(default_factory=list)
    _heading: list[float] = field(default_factory=list)
    _off_road: list[bool] = field(default_factory=list)
    _invasions: int = 0
    _over_the_line: bool = False
    _in_contact: bool = False
    _hits: list[str] = field(default_factory=list)
    _reward: float = 0.0
    _min_time_to_collision: float = math.inf
    _last: dict[str, Any] = field(default_factory=dict)

    def begin(self, info: Info) -> None:
        """Take what ``reset`` returned."""
        self._half_size = info["half_size"]
        self._speeds.append(info["speed"])
        self._yaws.append(info["yaw"])

    def add(self, reward: float, info: Info) -> None:
        """Add a step."""
        self._reward += reward
        self._speeds.append(info["speed"])
        self._yaws.append(info["yaw"])
        self._lateral.append(info["lateral"])
        self._heading.append(info["heading_error"])
        self._off_road.append(not info["on_road"])
        self._invasions += info["over_the_line"] and not self._over_the_line
        self._over_the_line = info["over_the_line"]
        if info["collided_with"] is not None and not self._in_contact:
            self._hits.append(info["collided_with"])
        self._in_contact = info["collided_with"] is not None
        time = time_to_collision(own_row(info, self._half_size), info["others"])
        self._min_time_to_collision = min(self._min_time_to_collision, time)
        self._last = dict(info)

    @property
    def steps(self) -> int:
        """Number of steps so far."""
        return len(self._lateral)

    def columns(self) -> dict[str, Any]:
        """The measures by column of ``episodes.csv``; None where one could not be measured."""
        speeds = np.array(self._speeds)
        driven = np.abs(speeds[1:]) * self.delta
        distance = float(driven.sum())
        completion = float(self._last["route_completion"])
        outside = float(driven[self._off_road].sum() / distance) if distance > 0.0 else 0.0
        target = self.target_speed
        return {
            "ending": self._last["ending"],
            "success": int(self._last["success"]),
            "route_completion": completion,
            "driving_score": driving_score(completion, outside, self._hits),
            "reward": self._reward,
            "steps": self.steps,
            "distance": distance,
            "mean_speed": float(speeds[1:].mean()),
            "speed_error": None if target is None else float(np.abs(speeds[1:] - target).mean()),
            "lane_invasions_per_km": 1000.0 * self._invasions / distance if distance > MIN_DISTANCE else None,
            "lateral_rms": _rms(np.array(self._lateral)),
            "heading_rms": math.degrees(_rms(np.array(self._heading))),
            "jerk_rms": _rms(np.diff(speeds, 2) / self.delta**2) if len(speeds) > 2 else None,
            "lateral_acceleration_max": self._lateral_acceleration(speeds),
            "min_time_to_collision": self._min_time_to_collision if math.isfinite(self._min_time_to_collision) else None,
            "collisions": len(self._hits),
            "outside_lane_share": outside,
        }

    def _lateral_acceleration(self, speeds: NDArray[np.float64]) -> float:
        """Largest product of speed and yaw rate, m/s2."""
        rates = np.diff(np.unwrap(self._yaws)) / self.delta
        return float(np.abs(speeds[1:] * rates).max())


def failed_columns() -> dict[str, Any]:
    """The columns of an episode that could not be driven: it counts as zero."""
    nothing = dict.fromkeys(
        (
            "distance", "mean_speed", "speed_error", "lane_invasions_per_km", "lateral_rms", "heading_rms", "jerk_rms",
            "lateral_acceleration_max", "min_time_to_collision", "collisions", "outside_lane_share", "reward",
        )
    )  # fmt: skip
    return {"ending": FAILED, "success": 0, "route_completion": 0.0, "driving_score": 0.0, "steps": 0, **nothing}


def own_row(info: Info, half_size: tuple[float, float]) -> NDArray[np.float64]:
    """The car as a row of ``other_vehicles``; ``half_size``: half of its length and width, m."""
    (x, y), yaw, speed = info["position"], info["yaw"], info["speed"]
    return np.array([x, y, yaw, speed * math.cos(yaw), speed * math.sin(yaw), *half_size])


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))
