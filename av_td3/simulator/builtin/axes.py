"""The axes of a rotated frame, in compiled code."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.compiled import compiled_in_place


@compiled_in_place
def write_axes(pitch: float, yaw: float, roll: float, axes: NDArray[np.float64]) -> None:
    """Write forward, right and up into the columns of ``axes`` (3, 3): ``geometry.rotation_matrix``, of angles in rad."""
    cp, sp, cy, sy, cr, sr = math.cos(pitch), math.sin(pitch), math.cos(yaw), math.sin(yaw), math.cos(roll), math.sin(roll)
    axes[0, 0], axes[0, 1], axes[0, 2] = cp * cy, cy * sp * sr - sy * cr, -cy * sp * cr - sy * sr
    axes[1, 0], axes[1, 1], axes[1, 2] = cp * sy, sy * sp * sr + cy * cr, -sy * sp * cr + cy * sr
    axes[2, 0], axes[2, 1], axes[2, 2] = sp, -cp * sr, cp * cr
