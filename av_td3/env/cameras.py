"""Cameras on the car. To add a kind, derive from Camera and name the class under ``observation.cameras``."""

from typing import Annotated, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.config.limits import Interval
from av_td3.config.observation import Camera, Color

Offset = Annotated[float, Interval(-100.0, 100.0, "metres")]


class RgbCamera(Camera):
    """CARLA's RGB camera (``sensor.camera.rgb``).

    Args:
        x: metres ahead of the car's centre.
        y: metres to the right of the car's centre.
        z: metres above the road.
        pitch: degrees, up positive.
        yaw: degrees, clockwise positive.
        fov: horizontal field of view in degrees.

    """

    blueprint: ClassVar[str] = "sensor.camera.rgb"
    x: Offset
    y: Offset
    z: Annotated[float, Interval(0.0, 100.0, "metres", open_low=True)]
    pitch: Annotated[float, Interval(-89.0, 89.0)]
    yaw: Annotated[float, Interval(-180.0, 180.0)]
    fov: Annotated[float, Interval(10.0, 170.0)]

    def mount(self) -> tuple[float, float, float, float, float]:
        """Position x, y, z in metres, pitch and yaw in degrees, relative to the car."""
        return self.x, self.y, self.z, self.pitch, self.yaw

    def attributes(self, size: int) -> dict[str, str]:
        """Blueprint attributes for images of ``size`` x ``size`` pixels."""
        return {"image_size_x": str(size), "image_size_y": str(size), "fov": str(self.fov)}

    def channels(self, color: Color) -> int:
        """Number of channels of a frame: 1 for gray, 3 for rgb."""
        return 1 if color == "gray" else 3

    def frame(self, image: NDArray[np.uint8], size: int, color: Color) -> NDArray[np.uint8]:
        """Convert an image of the sensor to a frame.

        Args:
            image: uint8 (height, width, 4), blue, green, red, alpha.
            size: height and width of the frame; other images are scaled to it by averaging areas.
            color: ``gray`` (luma of ITU-R BT.601) or ``rgb``.

        Returns:
            uint8 (1 or 3, size, size).

        """
        if color == "gray":
            return _frame(image, cv2.COLOR_BGRA2GRAY, size)[None]
        return np.ascontiguousarray(_frame(image, cv2.COLOR_BGRA2RGB, size).transpose(2, 0, 1))


def _frame(image: NDArray[np.uint8], conversion: int, size: int) -> NDArray[np.uint8]:
    frame = cv2.cvtColor(image, conversion)
    if frame.shape[:2] != (size, size):
        frame = cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(frame, np.uint8)
