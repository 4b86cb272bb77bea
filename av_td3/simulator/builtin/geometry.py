"""Rigid poses and oriented rectangles in CARLA's frame.

Metres and degrees; x forward, y right, z up; yaw turns clockwise seen from above. A pose is the flat list
``[x, y, z, pitch, yaw, roll]`` in which the wire sends it.
"""

import math

Pose = list[float]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


def rotation_matrix(pitch: float, yaw: float, roll: float) -> Matrix:
    """Rotation (degrees) whose columns are the forward, right and up axes of the rotated frame."""
    cy, sy = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    cp, sp = math.cos(math.radians(pitch)), math.sin(math.radians(pitch))
    cr, sr = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    return (
        (cp * cy, cy * sp * sr - sy * cr, -cy * sp * cr - sy * sr),
        (cp * sy, sy * sp * sr + cy * cr, -sy * sp * cr + cy * sr),
        (sp, -cp * sr, cp * cr),
    )


def attach(parent: Pose, relative: Pose) -> Pose:
    """World pose of a child that is fixed to ``parent`` at the pose ``relative``."""
    m = rotation_matrix(*parent[3:])
    n = rotation_matrix(*relative[3:])
    x, y, z = relative[:3]
    position = [parent[i] + m[i][0] * x + m[i][1] * y + m[i][2] * z for i in range(3)]
    r = [[sum(m[i][k] * n[k][j] for k in range(3)) for j in range(3)] for i in range(3)]
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, r[2][0]))))
    yaw = math.degrees(math.atan2(r[1][0], r[0][0]))
    roll = math.degrees(math.atan2(-r[2][1], r[2][2]))
    return [*position, pitch, yaw, roll]


def wrap_degrees(angle: float) -> float:
    """The same angle in [-180, 180)."""
    return (angle + 180.0) % 360.0 - 180.0


def rectangle(x: float, y: float, yaw: float, half_length: float, half_width: float) -> list[tuple[float, float]]:
    """The four ground corners of a box whose long axis points along ``yaw`` (degrees)."""
    c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    ends = ((half_length, half_width), (half_length, -half_width), (-half_length, -half_width), (-half_length, half_width))
    return [(x + c * a - s * b, y + s * a + c * b) for a, b in ends]


def penetration(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> tuple[float, float, float] | None:
    """Separating axis test of two rectangles.

    Returns None where they do not touch, else ``(depth, nx, ny)``: the shortest way out, with the unit normal (nx, ny)
    pointing from ``b`` to ``a``.
    """
    best: tuple[float, float, float] | None = None
    for corners in (a, b):
        for i in (0, 1):
            ex, ey = corners[i + 1][0] - corners[i][0], corners[i + 1][1] - corners[i][1]
            length = math.hypot(ex, ey)
            nx, ny = ex / length, ey / length
            pa = [x * nx + y * ny for x, y in a]
            pb = [x * nx + y * ny for x, y in b]
            low, high = max(pb) - min(pa), max(pa) - min(pb)
            if low <= 0.0 or high <= 0.0:
                return None
            depth, sign = (low, 1.0) if low < high else (high, -1.0)
            if best is None or depth < best[0]:
                best = (depth, sign * nx, sign * ny)
    return best
