"""The car's sensors: what they saw in the tick that the step is about."""

import queue
from collections.abc import Callable
from typing import Any

import carla
import numpy as np
from numpy.typing import NDArray

from av_td3.config.observation import Camera, Observation
from av_td3.simulator.errors import SimulatorLost

HARD_HIT = 10.5  # m/s2; tyres alone cannot do more, so such a tick has a collision event on its way
EVENT_GRACE = 0.2  # s to wait for it


class Sensors:
    """Cameras and collision sensor of one car. Readings are matched to ticks by frame number."""

    def __init__(self, world: Any, vehicle: Any, observation: Observation, timeout: float):
        self._timeout = timeout
        self._hits: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._images: dict[str, queue.SimpleQueue[Any]] = {name: queue.SimpleQueue() for name in observation.cameras}
        library = world.get_blueprint_library()
        hits = self._hits  # the callbacks must not keep this object alive
        self._actors = [
            _listen(world, library.find("sensor.other.collision"), carla.Transform(), vehicle, lambda e: hits.put(e.frame))
        ]
        for name, camera in observation.cameras.items():
            blueprint = library.find(camera.blueprint)
            for attribute, value in camera.attributes(observation.frame_size).items():
                blueprint.set_attribute(attribute, value)
            self._actors.append(_listen(world, blueprint, _transform(camera), vehicle, self._images[name].put))

    def images(self, frame: int) -> dict[str, NDArray[np.uint8]]:
        """What each camera saw in this very tick, uint8 (height, width, 4). Raises SimulatorLost when it comes too late."""
        return {name: _as_array(self._image(name, frame)) for name in self._images}

    def _image(self, name: str, frame: int) -> Any:
        while True:
            try:
                image = self._images[name].get(timeout=self._timeout)
            except queue.Empty:
                raise SimulatorLost(f"no image of camera {name} at frame {frame} within {self._timeout:g} s") from None
            if image.frame == frame:
                return image
            if image.frame > frame:
                raise SimulatorLost(f"camera {name} skipped frame {frame}: it sent {image.frame}")

    def collided(self, frame: int, acceleration: float) -> bool:
        """Whether the car was hit up to this tick; ``acceleration`` (m/s2) tells if an event must still be on its way."""
        hit = False
        timeout = EVENT_GRACE if acceleration > HARD_HIT else 0.0
        while True:
            try:
                event = self._hits.get(timeout=timeout) if timeout else self._hits.get_nowait()
            except queue.Empty:
                return hit
            hit = hit or event <= frame
            timeout = 0.0

    def forget(self) -> None:
        """Drop what was seen so far, as at the start of an episode."""
        for readings in (self._hits, *self._images.values()):
            while not readings.empty():
                readings.get()

    def destroy(self) -> None:
        """Take the sensors out of the world."""
        self.stop()
        for actor in self._actors:
            actor.destroy()
        self._actors = []

    def stop(self) -> None:
        """Listen no more."""
        for actor in self._actors:
            if actor.is_listening():
                actor.stop()


def _transform(camera: Camera) -> Any:
    x, y, z, pitch, yaw = camera.mount()
    return carla.Transform(carla.Location(x=x, y=y, z=z), carla.Rotation(pitch=pitch, yaw=yaw))


def _as_array(image: Any) -> NDArray[np.uint8]:
    return np.frombuffer(image.raw_data, np.uint8).reshape(image.height, image.width, 4)


def _listen(world: Any, blueprint: Any, transform: Any, vehicle: Any, callback: Callable[[Any], object]) -> Any:
    sensor = world.spawn_actor(blueprint, transform, attach_to=vehicle)
    sensor.listen(callback)
    return sensor
