"""A driver that knows the route, and follows it geometrically: a yardstick for policies."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.env.other_vehicles import HALF_LENGTH, HALF_WIDTH, VELOCITY_X, VELOCITY_Y, YAW, X, Y
from av_td3.env.route import Route
from av_td3.evaluation.car_discs import disc_centres
from av_td3.evaluation.driver import Driver, Info, Observation

WHEELBASE, FULL_LOCK = 2.9, math.radians(34.0)  # m; rad of the front wheels at steer 1, about those of the built-in cars
LOOK_AHEAD, LOOK_AHEAD_TIME = 3.5, 0.4  # m, and s of driving that are added
MAX_LATERAL = 2.5  # m/s2 in curves
COMFORTABLE_BRAKING = 3.0  # m/s2
MARGIN = 3.0  # m between the bumpers of two cars that stand
SIDE_MARGIN = 0.5  # m that is added to the width of another car
HORIZON, TIME_STEP = 4.0, 0.2  # s over which others are predicted
PREVIEW = np.arange(0.0, 40.0, 2.0)  # m of the route whose curvature limits the speed
PROPORTIONAL, INTEGRAL, MAX_INTEGRAL = 0.6, 0.15, 2.0  # of the speed controller: per m/s, per m, m
MAX_ERROR = 2.0  # m/s, above which it does not integrate


class PurePursuit(Driver):
    """Steers towards a point of the route ahead (Coulter 1992, CMU-RI-TR-92-01), and holds a speed by a PI controller.

    It slows down for curves, and for cars that are predicted to be in its way if they keep their velocity.

    Args:
        target_speed: m/s.

    """

    kind = "pure_pursuit"

    def __init__(self, target_speed: float):
        self._target_speed = target_speed
        self._route = Route(np.zeros((2, 2)), 1.0)
        self._half_size, self._delta = (0.0, 0.0), 0.0  # m, of the car; s, of a step
        self._integral = 0.0  # of the difference between wanted and driven speed, m

    def begin(self, info: Info, seed: int) -> None:
        """Take the route of the episode."""
        self._route = Route(np.array(info["route"]), 1.0)
        self._integral = 0.0
        self._half_size, self._delta = info["half_size"], info["delta"]

    def act(self, observation: Observation, info: Info) -> NDArray[np.float32]:
        """Steer and pedal for the next step."""
        wanted = min(self._target_speed, self._speed_in_curves(info), self._speed_behind_others(info))
        return np.array([self._steer(info), self._pedal(wanted, info["speed"])], np.float32)

    def _steer(self, info: Info) -> float:
        distance = LOOK_AHEAD + LOOK_AHEAD_TIME * max(0.0, info["speed"])
        (ahead,) = self._route.ahead(info["travelled"], np.array([distance])) - info["position"]
        c, s = math.cos(info["yaw"]), math.sin(info["yaw"])
        # Both from the rear axle, whose path the bicycle model describes.
        x, y = c * ahead[0] + s * ahead[1] + WHEELBASE / 2.0, -s * ahead[0] + c * ahead[1]
        curvature = 2.0 * y / (x * x + y * y)
        return max(-1.0, min(1.0, math.atan(WHEELBASE * curvature) / FULL_LOCK))

    def _pedal(self, wanted: float, speed: float) -> float:
        error = wanted - speed
        integral = max(-MAX_INTEGRAL, min(MAX_INTEGRAL, self._integral + self._delta * error))
        self._integral = integral if abs(error) < MAX_ERROR else 0.0
        if wanted < 0.1:
            return -1.0
        return max(-1.0, min(1.0, PROPORTIONAL * error + INTEGRAL * self._integral))

    def _speed_in_curves(self, info: Info) -> float:
        """Speed now from which comfortable braking reaches the limit of every curve ahead in time."""
        points = self._route.ahead(info["travelled"], PREVIEW)
        headings = np.unwrap(np.arctan2(np.diff(points[:, 1]), np.diff(points[:, 0])))
        spacing = PREVIEW[1] - PREVIEW[0]
        curvature = np.abs(np.diff(headings)) / spacing
        limits = MAX_LATERAL / np.maximum(curvature, 1e-6)
        away = PREVIEW[: len(limits)]
        return float(np.sqrt(limits + 2.0 * COMFORTABLE_BRAKING * away).min())

    def _speed_behind_others(self, info: Info) -> float:
        """Speed from which the car can stop before it meets another one, as far as that is predicted."""
        others = info["others"]
        if not len(others):
            return math.inf
        times = np.arange(0.0, HORIZON, TIME_STEP)
        speed = max(2.0, info["speed"])
        ways = speed * times
        own = self._own_poses(info, ways)
        lengths = np.arange(len(ways))
        slowest = math.inf
        for other in others:
            if math.hypot(other[X] - own[0, X], other[Y] - own[0, Y]) > ways[-1] + HORIZON * 15.0:
                continue
            moved = np.repeat(other[None], len(times), axis=0)
            moved[:, X] += other[VELOCITY_X] * times
            moved[:, Y] += other[VELOCITY_Y] * times
            gap = disc_centres(own)[:, :, None, :] - disc_centres(moved)[:, None, :, :]
            near = np.sqrt((gap**2).sum(axis=-1)).min(axis=(1, 2)) < self._half_size[1] + other[HALF_WIDTH] + SIDE_MARGIN
            if near.any() and not self._comes_from_behind(own[0], other):
                meeting = ways[lengths[near][0]]
                along = math.cos(own[lengths[near][0], YAW] - other[YAW]) * math.hypot(other[VELOCITY_X], other[VELOCITY_Y])
                room = max(0.0, meeting - MARGIN - max(0.0, along) * times[lengths[near][0]])
                slowest = min(slowest, math.sqrt(max(0.0, along) ** 2 + 2.0 * COMFORTABLE_BRAKING * room))
        return slowest

    def _own_poses(self, info: Info, ways: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows as of ``other_vehicles`` for the car after some metres of its route."""
        points = self._route.ahead(info["travelled"], np.append(ways, ways[-1] + 1.0))
        steps = self._route.ahead(info["travelled"], ways + 0.5) - points[:-1]
        own = np.zeros((len(ways), 7))
        own[:, [X, Y]] = points[:-1]
        own[:, YAW] = np.arctan2(steps[:, 1], steps[:, 0])
        own[:, HALF_LENGTH], own[:, HALF_WIDTH] = self._half_size
        return own

    def _comes_from_behind(self, own: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
        """Whether another car is behind this one, which has to look out itself."""
        along = (other[X] - own[X]) * math.cos(own[YAW]) + (other[Y] - own[Y]) * math.sin(own[YAW])
        return bool(along < -own[HALF_LENGTH])
