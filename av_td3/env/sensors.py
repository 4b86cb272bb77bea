"""The car's sensors, read for one tick at a time."""

import queue
from collections.abc import Callable
from typing import Any

import carla
import numpy as np
from numpy.typing import NDArray

from av_td3.config.observation import Camera, Observation
from av_td3.env.world import ROLE
from av_td3.simulator.errors import SensorLost

HARD_IMPACT = 10.5  # m/s2, more than tyres can do: such a tick may be a collision


class Sensors:
    """Cameras and collision sensor of a car. Readings are matched to ticks by frame number.

    Args:
        world: a ``carla.World``.
        vehicle: the car to which the sensors are attached.
        observation: names the cameras and the size of their frames.
        timeout: seconds that an image is waited for.
        collision_wait: seconds that a collision event is waited for after a hard impact. In CARLA, gears and kerbs cause such
            accelerations as well, so there a late event counts in the next step instead.

    """

    def __init__(self, world: Any, vehicle: Any, observation: Observation, timeout: float, collision_wait: float):
        self._timeout = timeout
        self._collision_wait = collision_wait
        self._collisions: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._images: dict[str, queue.SimpleQueue[Any]] = {name: queue.SimpleQueue() for name in observation.cameras}
        library = world.get_blueprint_library()
        collisions = self._collisions  # the callbacks must not keep this object alive
        self._actors = [listen(world, library.find("sensor.other.collision"), carla.Transform(), vehicle, collisions.put)]
        for name, camera in observation.cameras.items():
            blueprint = library.find(camera.blueprint)
            for attribute, value in camera.attributes(observation.frame_size).items():
                blueprint.set_attribute(attribute, value)
            self._actors.append(listen(world, blueprint, _transform(camera), vehicle, self._images[name].put))

    def images(self, frame: int) -> dict[str, NDArray[np.uint8]]:
        """Images of one tick.

        Args:
            frame: number of the tick.

        Returns:
            uint8 (height, width, 4) by name of the camera: blue, green, red, alpha.

        Raises:
            SensorLost: an image did not arrive in time, or the camera skipped the frame.

        """
        return {name: as_array(image_at(images, frame, name, self._timeout)) for name, images in self._images.items()}

    def collided(self, frame: int, acceleration: float) -> str | None:
        """What the car has collided with since the last call: the kind of an actor, such as ``static`` or ``vehicle.audi.tt``;
        None where it has not.

        Args:
            frame: number of the tick; later events do not count.
            acceleration: of the car, m/s2; above ``HARD_IMPACT`` a collision event that is still to arrive is waited for.

        """
        hit: str | None = None
        timeout = self._collision_wait if acceleration > HARD_IMPACT else 0.0
        while True:
            try:
                event = self._collisions.get(timeout=timeout) if timeout else self._collisions.get_nowait()
            except queue.Empty:
                return hit
            if event.frame <= frame:
                hit = hit or str(event.other_actor.type_id)
            timeout = 0.0

    def clear(self) -> None:
        """Drop all readings so far."""
        for readings in (self._collisions, *self._images.values()):
            while not readings.empty():
                readings.get()

    def destroy(self) -> None:
        """Remove the sensors from the world."""
        self.stop()
        for actor in self._actors:
            actor.destroy()
        self._actors = []

    def stop(self) -> None:
        """Stop listening."""
        for actor in self._actors:
            if actor.is_listening():
                actor.stop()


def _transform(camera: Camera) -> Any:
    x, y, z, pitch, yaw = camera.mount()
    return carla.Transform(carla.Location(x=x, y=y, z=z), carla.Rotation(pitch=pitch, yaw=yaw))


def image_at(images: "queue.SimpleQueue[Any]", frame: int, name: str, timeout: float) -> Any:
    """Take a camera's image of one tick from what it has sent, and drop earlier ones.

    Args:
        images: the ``carla.Image`` objects, in the order of their frames.
        frame: number of the tick.
        name: of the camera, for error messages.
        timeout: seconds that the image is waited for.

    Raises:
        SensorLost: the image did not arrive in time, or the camera skipped the frame.

    """
    while True:
        try:
            image = images.get(timeout=timeout)
        except queue.Empty:
            raise SensorLost(f"no image of camera {name} at frame {frame} within {timeout:g} s") from None
        if image.frame == frame:
            return image
        if image.frame > frame:
            raise SensorLost(f"camera {name} skipped frame {frame}: it sent {image.frame}")


def as_array(image: Any) -> NDArray[np.uint8]:
    """The pixels of a ``carla.Image``, without a copy: uint8 (height, width, 4), blue, green, red, alpha."""
    return np.frombuffer(image.raw_data, np.uint8).reshape(image.height, image.width, 4)


def listen(world: Any, blueprint: Any, transform: Any, vehicle: Any, callback: Callable[[Any], object]) -> Any:
    """Attach a sensor to a car, and let it call ``callback`` with its data; returns the ``carla.Sensor``."""
    blueprint.set_attribute("role_name", ROLE)
    sensor = world.spawn_actor(blueprint, transform, attach_to=vehicle)
    sensor.listen(callback)
    return sensor
