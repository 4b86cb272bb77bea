"""A car as polygons: a body in its paint, glass, wheels that steer, and lights.

In the car's own frame, x forward, y right, z up from the ground below its centre (m). A shape is scaled to the car's size.
"""

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.images.mesh import Faces, Material, Mesh

POSITION, LOW_BEAM, HIGH_BEAM, BRAKE, RIGHT_BLINKER, LEFT_BLINKER, REVERSE, FOG = 1, 2, 4, 8, 16, 32, 64, 128
WHEEL_RADIUS = 0.33  # m
TYRE, RIM, ARCH, TRIM, PLATE = (30, 30, 30), (150, 150, 150), (18, 18, 18), (34, 34, 34), (225, 230, 232)
GLASS = (48, 40, 34)
WHITE, RED, AMBER, LAMP_OFF, RED_OFF = (235, 245, 255), (40, 30, 255), (20, 150, 255), (190, 192, 195), (28, 22, 120)
PAINTED = (255.0, 255.0, 255.0)  # replaced by the car's own paint
STATIONS = (  # along the length: x, half width, underside, belt; shares of half length, half width and height
    (-1.00, 0.80, 0.24, 0.54),
    (-0.96, 0.92, 0.16, 0.64),
    (-0.88, 0.96, 0.14, 0.665),
    (-0.55, 1.00, 0.13, 0.665),
    (0.10, 1.00, 0.13, 0.635),
    (0.45, 1.00, 0.13, 0.615),
    (0.78, 0.98, 0.14, 0.565),
    (0.92, 0.92, 0.15, 0.52),
    (0.98, 0.84, 0.17, 0.46),
    (1.00, 0.74, 0.22, 0.40),
)
GLASSHOUSE = ((-0.84, 0.66), (-0.44, 0.975), (-0.04, 1.00), (0.46, 0.612))  # rear foot, roof's ends, windscreen's foot
SHOULDER, ROOF = 0.88, 0.66  # half widths of the glasshouse at belt and roof


@lru_cache(maxsize=32)
def _body(length: float, width: float, height: float) -> Faces:
    mesh = Mesh()
    _add_shell(mesh, length, width, height)
    _add_glasshouse(mesh, length, width, height)
    for side in (-1.0, 1.0):  # mirrors
        x, y, z = 0.33 * length, side * 0.99 * width, 0.62 * height
        low, high = (x - 0.06, min(y, y + side * 0.14), z), (x + 0.06, max(y, y + side * 0.14), z + 0.12)
        mesh.add_box(low, high, Material.PAINT, PAINTED)
    return mesh.faces


def _add_shell(mesh: Mesh, length: float, width: float, height: float) -> None:
    rings = []
    for x, w, low, belt in STATIONS:
        half, x = w * width, x * length
        waist = low + 0.62 * (belt - low)
        ring = [(half * 0.93, low), (half, waist), (half * 0.9, belt)]
        rings.append([(x, y, z * height) for y, z in ring] + [(x, -y, z * height) for y, z in ring[::-1]])
    for behind, ahead in pairwise(rings):
        inside = ((behind[0][0] + ahead[0][0]) / 2.0, 0.0, 0.3 * height)
        for k in range(6):
            if k == 5:
                continue  # the underside
            corners = (behind[k], ahead[k], ahead[k + 1], behind[k + 1])
            # Rings differ in width and height, so a quadrilateral between them need not be planar.
            mesh.add(corners[:3], inside, Material.PAINT, PAINTED)
            mesh.add((corners[0], corners[2], corners[3]), inside, Material.PAINT, PAINTED)
    mesh.add(rings[0], (0.0, 0.0, 0.4 * height), Material.PAINT, PAINTED)
    mesh.add(rings[-1], (0.0, 0.0, 0.4 * height), Material.PAINT, PAINTED)
    for end, x, z in ((1.0, 0.985, 0.2), (-1.0, -0.99, 0.22)):
        grille = [
            (end * abs(x) * length + 0.03 * end, y * width, v * height)
            for y, v in ((-0.6, z), (0.6, z), (0.6, z + 0.1), (-0.6, z + 0.1))
        ]
        mesh.add(grille, (0.0, 0.0, 0.3 * height), Material.MATT, TRIM)
        plate = [
            (end * length + 0.035 * end, y, v * height)
            for y, v in ((-0.26, z + 0.02), (0.26, z + 0.02), (0.26, z + 0.1), (-0.26, z + 0.1))
        ]
        mesh.add(plate, (0.0, 0.0, 0.3 * height), Material.MATT, PLATE)


def _add_glasshouse(mesh: Mesh, length: float, width: float, height: float) -> None:
    (xa, za), (xb, zb), (xc, zc), (xd, zd) = ((x * length, z * height) for x, z in GLASSHOUSE)
    foot, roof = SHOULDER * width, ROOF * width
    inside = (0.0, 0.0, 0.75 * height)
    mesh.add([(xb, -roof, zb), (xc, -roof, zc), (xc, roof, zc), (xb, roof, zb)], inside, Material.PAINT, PAINTED)
    for x0, z0, x1, z1 in ((xa, za, xb, zb), (xd, zd, xc, zc)):
        frame = np.array([(x0, -foot, z0), (x0, foot, z0), (x1, roof, z1), (x1, -roof, z1)])
        mesh.add(frame.tolist(), inside, Material.PAINT, PAINTED)
        mesh.add(_inset(frame, inside, 0.06, 0.05).tolist(), inside, Material.GLASS, GLASS)
    for side in (-1.0, 1.0):
        frame = np.array([(xa, side * foot, za), (xd, side * foot, zd), (xc, side * roof, zc), (xb, side * roof, zb)])
        mesh.add(frame[:3].tolist(), inside, Material.PAINT, PAINTED)
        mesh.add(frame[[0, 2, 3]].tolist(), inside, Material.PAINT, PAINTED)
        for start, end in ((0.05, 0.5), (0.535, 0.93)):  # the rear and the front window
            low, high = frame[0] + (frame[1] - frame[0]) * [[start], [end]], frame[3] + (frame[2] - frame[3]) * [[start], [end]]
            pane = np.array([low[0], low[1], high[1], high[0]])
            mesh.add(_inset(pane, inside, 0.03, 0.09).tolist(), inside, Material.GLASS, GLASS)


def _inset(frame: NDArray[np.float64], inside: tuple[float, float, float], sides: float, ends: float) -> NDArray[np.float64]:
    """A pane in a frame of four corners, smaller by these shares, and just outside of it."""
    low, high = (
        frame[0] + (frame[1] - frame[0]) * [[sides], [1 - sides]],
        frame[3] + (frame[2] - frame[3]) * [[sides], [1 - sides]],
    )
    pane = np.array(
        [
            low[0] + (high[0] - low[0]) * ends,
            low[1] + (high[1] - low[1]) * ends,
            low[1] + (high[1] - low[1]) * (1 - ends),
            low[0] + (high[0] - low[0]) * (1 - ends),
        ]
    )
    normal = np.cross(pane[1] - pane[0], pane[2] - pane[1])
    normal /= np.linalg.norm(normal)
    return np.asarray(pane + normal * 0.012 * np.sign(normal @ (pane.mean(axis=0) - np.array(inside))))


@lru_cache(maxsize=256)
def _wheels(length: float, width: float, wheelbase: float, steer: float) -> Faces:
    mesh = Mesh()
    angles = np.pi / 8.0 + np.arange(8) * np.pi / 4.0
    for x, turned in ((wheelbase / 2.0, steer), (-wheelbase / 2.0, 0.0)):
        for side in (-1.0, 1.0):
            c, s = math.cos(turned), math.sin(turned)

            def at(
                r: float, angle: float, out: float, x: float = x, side: float = side, c: float = c, s: float = s
            ) -> list[float]:
                along, across = r * math.cos(angle), side * out
                return [
                    x + c * along - s * across,
                    side * 0.86 * width + s * along + c * across,
                    WHEEL_RADIUS + r * math.sin(angle),
                ]

            middle, out = at(0.0, 0.0, 0.0), 0.15 * width + 0.015
            for radius, color, reach in ((1.0, TYRE, out), (0.66, RIM, out + 0.008), (0.2, TYRE, out + 0.014)):
                disc = [at(radius * WHEEL_RADIUS, a, reach) for a in angles]
                mesh.add(disc, middle, Material.MATT, color)
            for a, b in zip(angles, np.roll(angles, -1), strict=True):
                tread = [
                    at(WHEEL_RADIUS, a, out - 0.22),
                    at(WHEEL_RADIUS, b, out - 0.22),
                    at(WHEEL_RADIUS, b, out),
                    at(WHEEL_RADIUS, a, out),
                ]
                mesh.add(tread, middle, Material.MATT, TYRE)
            # The arch is painted on the body's side.
            arch = [
                [
                    x + 1.22 * WHEEL_RADIUS * math.cos(a),
                    side * (width + 0.004),
                    WHEEL_RADIUS + 1.22 * WHEEL_RADIUS * math.sin(a),
                ]
                for a in angles
            ]
            mesh.add(arch, [x, 0.0, WHEEL_RADIUS], Material.MATT, ARCH)
    return mesh.faces


@lru_cache(maxsize=256)
def _lights(length: float, width: float, height: float, lights: int) -> Faces:
    mesh = Mesh()

    def lamp(x: float, y0: float, y1: float, z0: float, z1: float, color: tuple[int, ...], glow: float) -> None:
        corners = [
            (x, y0 * width, z0 * height),
            (x, y1 * width, z0 * height),
            (x, y1 * width, z1 * height),
            (x, y0 * width, z1 * height),
        ]
        mesh.add(corners, (0.0, 0.0, 0.4 * height), Material.MATT, color, glow=glow)

    front, rear = length + 0.012, -length - 0.012
    beam = 6.0 if lights & HIGH_BEAM else 3.0 if lights & LOW_BEAM else 0.8 if lights & POSITION else 0.0
    tail = 3.0 if lights & BRAKE else 0.7 if lights & (POSITION | LOW_BEAM | HIGH_BEAM) else 0.0
    for side, blinker in ((-1.0, LEFT_BLINKER), (1.0, RIGHT_BLINKER)):
        lamp(front, side * 0.44, side * 0.76, 0.36, 0.435, WHITE if beam else LAMP_OFF, beam)
        lamp(
            front,
            side * 0.765,
            side * 0.84,
            0.36,
            0.435,
            AMBER if lights & blinker else LAMP_OFF,
            2.5 if lights & blinker else 0.0,
        )
        lamp(front, side * 0.5, side * 0.68, 0.2, 0.25, WHITE if lights & FOG else TRIM, 2.0 if lights & FOG else 0.0)
        lamp(rear, side * 0.5, side * 0.76, 0.4, 0.5, RED if tail else RED_OFF, tail)
        lamp(
            rear, side * 0.765, side * 0.86, 0.4, 0.5, AMBER if lights & blinker else RED_OFF, 2.5 if lights & blinker else 0.0
        )
        lamp(
            rear, side * 0.36, side * 0.49, 0.4, 0.5, WHITE if lights & REVERSE else LAMP_OFF, 2.0 if lights & REVERSE else 0.0
        )
    lamp(rear, -0.2, 0.2, 0.52, 0.535, RED if lights & BRAKE else RED_OFF, 3.0 if lights & BRAKE else 0.0)
    return mesh.faces


def car_faces(half_size: tuple[float, float, float], wheelbase: float, steer: float, lights: int) -> tuple[Faces, ...]:
    """The parts of a car.

    Args:
        half_size: length, width and height, m.
        wheelbase: m.
        steer: of the front wheels, rad, to the right; they turn in steps of two degrees.
        lights: CARLA's VehicleLightState.

    Returns:
        The body, whose paint is to be replaced, then wheels and lights.

    """
    length, width, height = half_size
    step = math.radians(2.0)
    turned = round(steer / step) * step
    return (
        _body(length, width, 2.0 * height),
        _wheels(length, width, wheelbase, turned),
        _lights(length, width, 2.0 * height, lights),
    )
