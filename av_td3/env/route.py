"""A route as a polyline, and the car's place on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_STEP = 1e-3  # m, below which points are one: where two lanes meet, the client has both ends, in single precision
SEARCH_BEHIND, SEARCH_AHEAD = 5.0, 15.0  # m of the route around the last position in which the next one is searched


@dataclass(frozen=True)
class Place:
    """The car's position relative to its route.

    Attributes:
        travelled: metres along the route.
        lateral: metres to the right of the route.
        heading_error: radians, clockwise from the route's direction, in [-pi, pi).

    """

    travelled: float
    lateral: float
    heading_error: float


class Route:
    """A polyline in CARLA's frame.

    Args:
        points: float64 (n, 2), metres; repeated points are left out.
        lane_width: metres.

    """

    def __init__(self, points: NDArray[np.float64], lane_width: float):
        steps = np.diff(points, axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        keep = np.concatenate([[True], lengths > MIN_STEP])
        self.points = points[keep]
        self._steps = np.diff(self.points, axis=0)
        self._lengths = np.hypot(self._steps[:, 0], self._steps[:, 1])
        self._at = np.concatenate([[0.0], np.cumsum(self._lengths)])
        self.lane_width = lane_width

    @property
    def length(self) -> float:
        """Length in metres."""
        return float(self._at[-1])

    def locate(self, x: float, y: float, yaw: float, near: float) -> Place:
        """Project a pose onto the part of the route around ``near``.

        Args:
            x: metres.
            y: metres.
            yaw: radians, clockwise.
            near: last known position along the route, metres.

        """
        first = max(0, int(np.searchsorted(self._at, near - SEARCH_BEHIND, side="right")) - 1)
        last = min(len(self._steps), int(np.searchsorted(self._at, near + SEARCH_AHEAD)) + 1)
        steps, lengths = self._steps[first:last], self._lengths[first:last]
        offset = np.array([x, y]) - self.points[first:last]
        share = np.clip((offset * steps).sum(axis=1) / lengths**2, 0.0, 1.0)
        miss = offset - share[:, None] * steps
        best = int(np.argmin((miss**2).sum(axis=1)))
        along = steps[best] / lengths[best]
        lateral = along[0] * offset[best, 1] - along[1] * offset[best, 0]
        error = yaw - np.arctan2(along[1], along[0])
        wrapped = (error + np.pi) % (2.0 * np.pi) - np.pi
        return Place(float(self._at[first + best] + share[best] * lengths[best]), float(lateral), float(wrapped))

    def ahead(self, travelled: float, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points ahead; beyond its end the route is extended straight.

        Args:
            travelled: position along the route, metres.
            distances: float64 (n,), metres ahead of it.

        Returns:
            float64 (n, 2), metres.

        """
        at = travelled + distances
        out = np.stack([np.interp(at, self._at, self.points[:, i]) for i in (0, 1)], axis=1)
        beyond = np.maximum(0.0, at - self.length)[:, None]
        return np.asarray(out + beyond * self._steps[-1] / self._lengths[-1])
