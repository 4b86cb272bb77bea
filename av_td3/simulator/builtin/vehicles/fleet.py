"""The cars of a world: a slot in the arrays for each."""

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.geometry import Pose
from av_td3.simulator.builtin.images.appearance import CAR
from av_td3.simulator.builtin.towns.ground import RELIEF_SPACING, Ground
from av_td3.simulator.builtin.towns.heights import LEVEL
from av_td3.simulator.builtin.vehicles.collisions import CONTACT, MAX_CONTACTS, Obstacles, is_occupied
from av_td3.simulator.builtin.vehicles.contact_patch import HEIGHTS, ROLLING
from av_td3.simulator.builtin.vehicles.dynamics import stand_on_ground
from av_td3.simulator.builtin.vehicles.fleet_arrays import BODY, RECORD
from av_td3.simulator.builtin.vehicles.fleet_step import advance, attach_to_car, is_valid, write_appearance, write_records
from av_td3.simulator.builtin.vehicles.powertrain import MAX_GEARS, SPEEDS
from av_td3.simulator.builtin.wire import ACTOR_ACTIVE, TRAFFIC_LIGHT_OFF

MAX_VEHICLES = 500


class Fleet:
    """Arrays of all cars on the ground of a town.

    Args:
        ground: of the town.
        obstacles: what cars collide with.
        speed_limit: km/h where no road has one of its own.

    """

    def __init__(self, ground: Ground, obstacles: Obstacles, speed_limit: float):
        self.bodies = np.zeros(MAX_VEHICLES, BODY)
        self.controls = self.bodies["control"]
        self.traction = np.zeros((MAX_VEHICLES, MAX_GEARS + 1, len(SPEEDS)))
        self.best_gear = np.zeros((MAX_VEHICLES, len(SPEEDS)), np.int8)
        self.steer_limit = np.ones((MAX_VEHICLES, len(SPEEDS)))
        self._order = np.zeros(0, np.int64)
        self._free = list(range(MAX_VEHICLES))
        self._records = np.zeros(0, RECORD)
        relief = LEVEL if ground.relief is None else ground.relief
        self._ground = (ground.labels, relief, float(ground.x0), float(ground.y0))
        o = obstacles
        self._obstacles = (o.boxes, o.first, o.entries, o.column, o.row, o.columns)
        self._speed_limits = (ground.speed_limits, float(ground.x0), float(ground.y0), RELIEF_SPACING, speed_limit)
        self._contacts = np.zeros(MAX_CONTACTS, CONTACT)

    def add(self, actor_id: int) -> int:
        """Take a slot for a new car; of its record, only the id is not zero."""
        slot = heapq.heappop(self._free)
        self.bodies[slot] = np.zeros((), BODY)
        self.bodies["id"][slot] = actor_id
        self._set_order(np.append(self._order, slot))
        return slot

    def remove(self, slot: int) -> None:
        """Free the slot of a car that is destroyed."""
        self._set_order(self._order[self._order != slot])
        heapq.heappush(self._free, slot)

    def _set_order(self, order: NDArray[np.int64]) -> None:
        self._order, self._records = order, np.zeros(len(order), RECORD)
        self._records["state"], self._records["traffic_light"] = ACTOR_ACTIVE, TRAFFIC_LIGHT_OFF

    def place(self, slot: int, pose: Pose) -> None:
        """Put a car at x, y and yaw of a pose, on its wheels."""
        body = self.bodies[slot]
        body["position"][:2], body["yaw"] = pose[:2], math.radians(pose[4])
        stand_on_ground(body, *self._ground, HEIGHTS)

    def is_occupied(self, x: float, y: float, yaw: float, half_length: float, half_width: float) -> bool:
        """Whether a rectangle (m, degrees) touches a car or an obstacle."""
        c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
        return bool(is_occupied(self.bodies, self._order, self._obstacles[0], x, y, c, s, half_length, half_width))

    def advance(self, friction: NDArray[np.float64], dt: float, steps: int) -> tuple[NDArray[np.void], int]:
        """Move all cars by ``steps`` times ``dt`` seconds.

        Args:
            friction: of each surface, of ``contact_patch.friction``.
            dt: s.
            steps: number of steps.

        Returns:
            The contacts, ``collisions.CONTACT`` of slots, and the slot of a car with an invalid state, -1 where all are valid.

        """
        tables = (friction, ROLLING, HEIGHTS)
        count, invalid = advance(
            self.bodies,
            self._order,
            self.traction,
            self.steer_limit,
            self._ground,
            tables,
            self._obstacles,
            self._contacts,
            dt,
            steps,
        )
        return self._contacts[:count], invalid

    def records(self) -> NDArray[np.void]:
        """The state of all cars as encoded in snapshots, ``fleet_arrays.RECORD``; valid until the next call."""
        write_records(self.bodies, self._order, self.best_gear, self._speed_limits, self._records)
        return self._records

    def is_valid(self, slot: int) -> bool:
        """Whether the state of a car is finite, and not too large for a car."""
        return bool(is_valid(self.bodies[slot]))

    def lights(self) -> list[list[int]]:
        """Id and lights, CARLA's VehicleLightState, of all cars."""
        ids, lights = self.bodies["id"][self._order].tolist(), self.bodies["lights"][self._order].tolist()
        return [list(pair) for pair in zip(ids, lights, strict=True)]

    def appearance(self) -> NDArray[np.void]:
        """All cars as a camera sees them, ``appearance.CAR``, in the order in which they were spawned."""
        cars = np.empty(len(self._order), CAR)
        write_appearance(self.bodies, self._order, self.steer_limit, cars)
        return cars

    def attached_pose(self, slot: int, relative: Pose) -> Pose:
        """World pose of what is fixed to a car at the pose ``relative``."""
        out = np.empty(6)
        attach_to_car(self.bodies, slot, np.array(relative, np.float64), out)
        return out.tolist()  # type: ignore[no-any-return]
