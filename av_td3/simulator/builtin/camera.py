"""The RGB camera: a perspective image of ground, sky, buildings and cars.

The ground is flat, so its image is one homography of the town's label map (Hartley and Zisserman, "Multiple View
Geometry", 2nd ed. 2004, section 8.1.1); buildings and cars are boxes drawn from far to near on top of it. Colours and light are
simple stand-ins for CARLA's.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.geometry import Pose, rotation_matrix
from av_td3.simulator.builtin.ground import RESOLUTION, Ground, Surface

NEAR = 0.1  # m, near clipping plane
FAR = 100.0  # m, boxes further away are not drawn
SMALL_IMAGE = 256 * 256  # pixels up to which images are rendered at twice their size and averaged, against flicker
SUBPIXEL_BITS = 4  # fixed-point places of polygon corners
MAX_SUBPIXEL = 1 << 28  # corners far outside the image are clipped to this, so that they fit an integer
FACES = np.array([[4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])  # top, right, rear, left, front
FACE_LIGHT = np.array([1.1, 0.9, 0.75, 0.9, 0.75])

BASE_COLORS = {  # blue, green, red at noon
    Surface.GRASS: (52, 122, 74),
    Surface.GRASS_DARK: (44, 106, 62),
    Surface.ASPHALT: (98, 96, 94),
    Surface.ASPHALT_DARK: (88, 86, 84),
    Surface.SIDEWALK: (150, 156, 160),
    Surface.KERB: (186, 188, 190),
    Surface.WHITE_MARK: (240, 240, 240),
    Surface.YELLOW_MARK: (40, 190, 235),
}


@dataclass(frozen=True)
class Light:
    """How weather and sun change colours: brightness, cloudiness and wetness."""

    brightness: float
    cloudiness: float  # 0 to 1
    wetness: float  # 0 to 1

    @classmethod
    def from_weather(cls, weather: list[float]) -> "Light":
        """Light of a CARLA weather record (cloudiness is its field 0, sun altitude 5, wetness 9)."""
        altitude = max(-90.0, min(90.0, weather[5]))
        day = 0.25 + 0.75 * max(0.0, min(1.0, (altitude + 5.0) / 30.0))
        cloud = max(0.0, min(1.0, weather[0] / 100.0))
        return cls(day * (1.0 - 0.25 * cloud), cloud, max(0.0, min(1.0, weather[9] / 100.0)))

    @cached_property
    def palette(self) -> NDArray[np.uint32]:
        """BGRA of every surface label, packed into one uint32 each, (256,)."""
        out = np.full((256, 4), 255, np.uint8)
        for surface, color in BASE_COLORS.items():
            wet = 1.0 - 0.4 * self.wetness if surface in (Surface.ASPHALT, Surface.ASPHALT_DARK) else 1.0
            out[surface, :3] = np.clip(np.array(color) * self.brightness * wet, 0, 255)
        return out.view(np.uint32).ravel()

    def sky(self, elevation: NDArray[np.float64]) -> NDArray[np.uint8]:
        """BGRA of the sky for the sine of the viewing elevation."""
        clear, grey = np.array([235.0, 190.0, 130.0]), np.array([190.0, 188.0, 185.0])
        zenith = clear + (grey - clear) * self.cloudiness
        haze = np.exp(-6.0 * np.clip(elevation, 0.0, 1.0))[..., None]
        color = (zenith + (np.array([235.0, 232.0, 228.0]) - zenith) * haze) * self.brightness
        alpha = np.full((*elevation.shape, 1), 255.0)
        return np.concatenate([color, alpha], axis=-1).astype(np.uint8)


class Boxes:
    """Upright boxes: rows ``x, y, yaw (rad), half length, half width, bottom, top`` (m) and their paint."""

    def __init__(self, rows: list[tuple[float, ...]], colors: list[tuple[int, int, int]]):
        self.rows = np.array(rows, np.float64).reshape(-1, 7)
        self.colors = np.array(colors, np.float64).reshape(-1, 3)

    def __add__(self, other: "Boxes") -> "Boxes":
        out = Boxes([], [])
        out.rows = np.concatenate([self.rows, other.rows])
        out.colors = np.concatenate([self.colors, other.colors])
        return out

    def near(self, x: float, y: float, reach: float) -> "Boxes":
        """The boxes whose centre lies within ``reach`` of a point."""
        out = Boxes([], [])
        keep = (self.rows[:, 0] - x) ** 2 + (self.rows[:, 1] - y) ** 2 < reach * reach
        out.rows, out.colors = self.rows[keep], self.colors[keep]
        return out

    def corners(self) -> NDArray[np.float64]:
        """World positions ``(n, 8, 3)``: the bottom four corners counter-clockwise, then the top four."""
        x, y, yaw, length, width, bottom, top = self.rows.T
        along = np.stack([length, -length, -length, length], axis=1)
        across = np.stack([width, width, -width, -width], axis=1)
        c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
        out = np.empty((len(self.rows), 8, 3))
        out[:, :4, 0] = out[:, 4:, 0] = x[:, None] + c * along - s * across
        out[:, :4, 1] = out[:, 4:, 1] = y[:, None] + s * along + c * across
        out[:, :4, 2] = bottom[:, None]
        out[:, 4:, 2] = top[:, None]
        return out


class Camera:
    """A pinhole camera. ``width`` and ``height`` in pixels, ``fov`` the horizontal angle in degrees."""

    def __init__(self, width: int, height: int, fov: float):
        self.width, self.height, self.fov = width, height, fov
        self._scale = 2 if width * height <= SMALL_IMAGE else 1
        self._size = (width * self._scale, height * self._scale)
        self._focal = self._size[0] / (2.0 * math.tan(math.radians(fov) / 2.0))
        # Pixel to ray, the ray in (forward, right, up) of the camera; pixel centres lie at half integers.
        cx, cy = self._size[0] / 2.0 - 0.5, self._size[1] / 2.0 - 0.5
        f = self._focal
        self._rays = np.array([[0.0, 0.0, 1.0], [1.0 / f, 0.0, -cx / f], [0.0, -1.0 / f, cy / f]])
        self._centre = (cx, cy)
        self._sky: tuple[tuple[float, float, Light], NDArray[np.bool_], NDArray[np.uint32]] | None = None

    def render(self, pose: Pose, ground: Ground, boxes: Boxes, light: Light) -> NDArray[np.uint8]:
        """Image ``uint8 (height, width, 4)``, blue, green, red, alpha, seen from the world pose ``pose``."""
        rotation = np.array(rotation_matrix(*pose[3:]))
        image = self._ground_and_sky(pose, rotation, ground, light)
        self._draw_boxes(image, pose, rotation, boxes.near(pose[0], pose[1], FAR), light)
        if self._scale == 1:
            return image
        return np.asarray(cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_AREA), np.uint8)

    def _ground_and_sky(self, pose: Pose, rotation: NDArray[np.float64], ground: Ground, light: Light) -> NDArray[np.uint8]:
        """Each pixel's ray d meets the ground at ``position + d * height / -d_z``: linear in homogeneous coordinates."""
        directions = rotation @ self._rays
        down = -directions[2]
        x, y, height = pose[0] - ground.x0, pose[1] - ground.y0, pose[2]
        to_ground = np.array(
            [(down * x + directions[0] * height) / RESOLUTION, (down * y + directions[1] * height) / RESOLUTION, down]
        )
        labels = cv2.warpPerspective(
            ground.labels,
            to_ground,
            self._size,
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=int(Surface.GRASS),
        )
        packed = light.palette.take(np.asarray(labels, np.uint8))
        mask, sky = self._sky_for(pose[3], pose[5], light, directions[2])
        np.copyto(packed, sky, where=mask)
        return packed.view(np.uint8).reshape(self._size[1], self._size[0], 4)

    def _sky_for(
        self, pitch: float, roll: float, light: Light, up_row: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
        """Mask and packed colours of the sky, cached while pitch, roll and weather stay the same."""
        key = (pitch, roll, light)
        if self._sky is None or self._sky[0] != key:
            u, v = np.meshgrid(np.arange(self._size[0]), np.arange(self._size[1]))
            up = up_row[0] * u + up_row[1] * v + up_row[2]
            forward = np.hypot(1.0, np.hypot(u - self._centre[0], v - self._centre[1]) / self._focal)
            self._sky = (key, up >= 0.0, light.sky(up / forward).view(np.uint32)[..., 0])
        return self._sky[1], self._sky[2]

    def _draw_boxes(
        self, image: NDArray[np.uint8], pose: Pose, rotation: NDArray[np.float64], boxes: Boxes, light: Light
    ) -> None:
        if not len(boxes.rows):
            return
        eye = np.array(pose[:3])
        seen = (boxes.corners() - eye) @ rotation  # (n, 8, 3): forward, right, up of the camera
        reach = math.tan(math.radians(self.fov) / 2.0)
        in_view = (seen[..., 0].max(axis=1) > NEAR) & (
            (np.abs(seen[..., 1]) - reach * seen[..., 0]).min(axis=1) < boxes.rows[:, 3] + boxes.rows[:, 4]
        )
        far_to_near = np.argsort(-np.hypot(boxes.rows[in_view, 0] - eye[0], boxes.rows[in_view, 1] - eye[1]), kind="stable")
        order = np.flatnonzero(in_view)[far_to_near]
        seen, rows, colors = seen[order], boxes.rows[order], boxes.colors[order]
        shades = np.clip(colors[:, None, :] * FACE_LIGHT[:, None] * light.brightness, 0, 255).tolist()
        depth = np.maximum(seen[..., :1], NEAR)
        polygons = np.ascontiguousarray(self._project(seen, depth)[:, FACES])
        whole = (seen[..., 0].min(axis=1) > NEAR).tolist()
        for box, face in zip(*(index.tolist() for index in np.nonzero(self._facing(rows, eye))), strict=True):
            if whole[box]:
                polygon = polygons[box, face]
            else:
                clipped = clip_near(seen[box, FACES[face]])
                if len(clipped) < 3:
                    continue
                polygon = self._project(clipped, clipped[:, :1])
            cv2.fillConvexPoly(image, polygon, (*shades[box][face], 255.0), shift=SUBPIXEL_BITS)

    def _project(self, seen: NDArray[np.float64], depth: NDArray[np.float64]) -> NDArray[np.int32]:
        """Pixel positions, in units of ``1 / 2**SUBPIXEL_BITS``, of points given as (forward, right, up)."""
        pixels = np.array(self._centre) + self._focal * seen[..., 1:] * (1.0, -1.0) / depth
        return np.round(np.clip(pixels * (1 << SUBPIXEL_BITS), -MAX_SUBPIXEL, MAX_SUBPIXEL)).astype(np.int32)

    @staticmethod
    def _facing(rows: NDArray[np.float64], eye: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of each box's five faces (order of ``FACES``) look towards the eye."""
        c, s = np.cos(rows[:, 2]), np.sin(rows[:, 2])
        dx, dy = eye[0] - rows[:, 0], eye[1] - rows[:, 1]
        along, across = c * dx + s * dy, -s * dx + c * dy
        return np.stack(
            [eye[2] > rows[:, 6], across > rows[:, 4], along < -rows[:, 3], across < -rows[:, 4], along > rows[:, 3]], axis=1
        )


def clip_near(polygon: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a polygon (n, 3) of (forward, right, up) in front of the near plane (Sutherland-Hodgman)."""
    corners: list[list[float]] = polygon.tolist()
    out = []
    for i, b in enumerate(corners):
        a = corners[i - 1]
        if (a[0] >= NEAR) != (b[0] >= NEAR):
            share = (NEAR - a[0]) / (b[0] - a[0])
            out.append([start + (end - start) * share for start, end in zip(a, b, strict=True)])
        if b[0] >= NEAR:
            out.append(b)
    return np.array(out).reshape(-1, 3)
