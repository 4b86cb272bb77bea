"""The camera of rendered frames. It is on the car only while rendering is on, and no part of the observation."""

import queue
from typing import Any

import carla
import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.config.render import Render
from av_td3.env.sensors import as_array, image_at, listen

NAME = "render"  # in error messages


class RenderCamera:
    """A camera on a car, whose image of every tick is taken, and converted only when it is asked for.

    Args:
        world: a ``carla.World``.
        vehicle: the car to which the camera is attached.
        render: pose, field of view and size of the image.
        timeout: seconds that an image is waited for.

    """

    def __init__(self, world: Any, vehicle: Any, render: Render, timeout: float):
        self._timeout = timeout
        self._images: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._newest: Any = None  # the client's image: its pixels live as long as it does
        blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
        for name, value in (("image_size_x", render.width), ("image_size_y", render.height), ("fov", render.fov)):
            blueprint.set_attribute(name, str(value))
        pose = carla.Transform(
            carla.Location(x=render.x, y=render.y, z=render.z), carla.Rotation(pitch=render.pitch, yaw=render.yaw)
        )
        self._sensor: Any = listen(world, blueprint, pose, vehicle, self._images.put)

    def take(self, frame: int) -> None:
        """Take the image of a tick. Raises SensorLost if it does not arrive in time."""
        self._newest = image_at(self._images, frame, NAME, self._timeout)

    def image(self) -> NDArray[np.uint8]:
        """The image that was taken last: uint8 (height, width, 3), red, green, blue."""
        return np.asarray(cv2.cvtColor(as_array(self._newest), cv2.COLOR_BGRA2RGB), np.uint8)

    def clear(self) -> None:
        """Drop all images so far."""
        while not self._images.empty():
            self._images.get()

    def stop(self) -> None:
        """Stop listening."""
        if self._sensor.is_listening():
            self._sensor.stop()

    def destroy(self) -> None:
        """Remove the camera from the world."""
        self.stop()
        self._sensor.destroy()
