"""Cars as three discs each, to compute when two of them touch."""

import numpy as np
from numpy.typing import NDArray

from av_td3.env.other_vehicles import HALF_LENGTH, HALF_WIDTH, VELOCITY_X, VELOCITY_Y, YAW, X, Y

Floats = NDArray[np.float64]
ALONG = np.array([-1.0, 0.0, 1.0])  # places of the discs between a car's ends, as shares of what they can be moved


def disc_centres(cars: Floats) -> Floats:
    """Centres of the discs of each car, float64 (cars, 3, 2) in metres, for rows as of ``other_vehicles``.

    Their radius is half the car's width, and the outer ones touch its ends.
    """
    reach = np.maximum(0.0, cars[:, HALF_LENGTH] - cars[:, HALF_WIDTH])
    forward = np.stack([np.cos(cars[:, YAW]), np.sin(cars[:, YAW])], axis=1)
    shifts = reach[:, None, None] * ALONG[None, :, None] * forward[:, None, :]
    return np.asarray(cars[:, None, [X, Y]] + shifts)


def time_to_collision(own: Floats, others: Floats) -> float:
    """Time until the car touches another if both keep their velocity (Hayward 1972), s; infinity where they never do.

    Args:
        own: float64 (7,), the row of ``other_vehicles`` that describes the car itself.
        others: float64 (n, 7).

    """
    if not len(others):
        return np.inf
    gap = disc_centres(others)[:, None, :, :] - disc_centres(own[None])[:, :, None, :]  # (n, own disc, other disc, 2)
    closing = (own[[VELOCITY_X, VELOCITY_Y]] - others[:, [VELOCITY_X, VELOCITY_Y]])[:, None, None, :]
    reach = (own[HALF_WIDTH] + others[:, HALF_WIDTH])[:, None, None]
    # |gap - closing t| = reach
    a = (closing**2).sum(axis=-1)
    b = (gap * closing).sum(axis=-1)
    c = (gap**2).sum(axis=-1) - reach**2
    root = b**2 - a * c
    meet = (root >= 0.0) & (b > 0.0) & (a > 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        times = np.where(meet, (b - np.sqrt(np.maximum(root, 0.0))) / a, np.inf)
    return float(np.where(c <= 0.0, 0.0, times).min())
