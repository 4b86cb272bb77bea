"""Small towns and weathers for tests of the camera."""

import math

import numpy as np

from av_td3.simulator.builtin.images.appearance import CAR
from av_td3.simulator.builtin.rpc_handlers import WEATHER
from av_td3.simulator.builtin.town import Town
from av_td3.simulator.builtin.towns.ground import RELIEF_SPACING, RESOLUTION, Ground, Strip, Surface

CLEAR = [0.0, 0.0, 0.0, 0.0, 90.0, 60.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.03, 0.0331, 0.0]
NO_CARS = np.zeros(0, CAR)
SIZE = 200.0  # m, side of the ground around the origin


def weather(**values):
    """A clear day, the sun to the right of the x axis, with some values changed."""
    record = list(CLEAR)
    for name, value in values.items():
        record[WEATHER.index(name)] = value
    return record


def town(surface=Surface.ASPHALT, *, buildings=(), trees=(), lamps=(), marks=(), strips=(), relief=None):
    """A square of one surface; marks are (surface, left, top, right, bottom), m, drawn into the labels."""
    cells = int(SIZE / RESOLUTION)
    labels = np.full((cells, cells), surface, np.uint8)
    for mark, left, top, right, bottom in marks:
        x0, y0, x1, y1 = (round((v + SIZE / 2) / RESOLUTION) for v in (left, top, right, bottom))
        labels[y0:y1, x0:x1] = mark
    ground = Ground(labels, -SIZE / 2, -SIZE / 2, tuple(strips), relief)
    return Town("Test", "", [], ground, list(buildings), trees=tuple(trees), lamps=tuple(lamps))


def strip(surface, left, top, right, bottom):
    return Strip(surface, np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32))


def slope(grade):
    """A relief that rises along x by this grade from the origin on, up to 60 m away."""
    x = np.arange(0.0, SIZE + RELIEF_SPACING, RELIEF_SPACING) - SIZE / 2
    rise = grade * np.clip(x, 0.0, 60.0)
    return np.tile(rise.astype(np.float32), (len(x), 1))


def cars(*entries):
    """Cars of the size of a Model 3 at (x, y, yaw), each with more fields of ``CAR``."""
    out = np.zeros(len(entries), CAR)
    out["half_size"], out["wheelbase"], out["paint"] = (2.35, 0.93, 0.72), 2.875, (20, 20, 200)
    for row, (x, y, yaw, fields) in zip(out, entries, strict=True):
        row["pose"] = x, y, 0.0, 0.0, yaw, 0.0
        for name, value in fields.items():
            row[name] = value
    return out


def project(point, pose, width, height, fov):
    """Column and row at which a pinhole camera sees a point, with pixel centres at whole numbers."""
    pitch, yaw, roll = (math.radians(v) for v in pose[3:])
    d = np.array(point, float) - pose[:3]
    cy, sy, cp, sp, cr, sr = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll)
    d = np.array([cy * d[0] + sy * d[1], -sy * d[0] + cy * d[1], d[2]])  # turned back by yaw, then pitch, then roll
    d = np.array([cp * d[0] + sp * d[2], d[1], -sp * d[0] + cp * d[2]])
    d = np.array([d[0], cr * d[1] - sr * d[2], sr * d[1] + cr * d[2]])
    focal = width / 2.0 / math.tan(math.radians(fov) / 2.0)
    return width / 2.0 - 0.5 + focal * d[1] / d[0], height / 2.0 - 0.5 - focal * d[2] / d[0]
