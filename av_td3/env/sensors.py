"""The car's sensors: what they saw in the tick that the step is about."""

import queue
from collections.abc import Callable
from typing import Any

from av_td3.env.observation import IMAGE_SIZE
from av_td3.runs.errors import SimulatorLost

HARD_HIT = 10.5  # m/s2; tyres alone cannot do more, so such a tick has a collision event on its way
EVENT_GRACE = 0.2  # s to wait for it


class Sensors:
    """Camera and collision sensor of one car. Readings are matched to ticks by frame number."""

    def __init__(self, world: Any, vehicle: Any, camera_transform: Any, fov: float, timeout: float):
        self._timeout = timeout
        self._pictures: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._hits: queue.SimpleQueue[int] = queue.SimpleQueue()
        library = world.get_blueprint_library()
        camera = library.find("sensor.camera.rgb")
        camera.set_attribute("image_size_x", str(IMAGE_SIZE))
        camera.set_attribute("image_size_y", str(IMAGE_SIZE))
        camera.set_attribute("fov", str(fov))
        hits = self._hits  # the callbacks must not keep this object alive
        self._actors = [
            _listen(
                world, library.find("sensor.other.collision"), type(camera_transform)(), vehicle, lambda e: hits.put(e.frame)
            ),
            _listen(world, camera, camera_transform, vehicle, self._pictures.put),
        ]

    def picture(self, frame: int) -> Any:
        """The camera's picture of this very tick. Raises SimulatorLost when it does not come in time."""
        while True:
            try:
                picture = self._pictures.get(timeout=self._timeout)
            except queue.Empty:
                raise SimulatorLost(f"no camera picture of frame {frame} within {self._timeout:g} s") from None
            if picture.frame == frame:
                return picture
            if picture.frame > frame:
                raise SimulatorLost(f"the camera skipped frame {frame}: it sent {picture.frame}")

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
        for readings in (self._hits, self._pictures):
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


def _listen(world: Any, blueprint: Any, transform: Any, vehicle: Any, callback: Callable[[Any], object]) -> Any:
    sensor = world.spawn_actor(blueprint, transform, attach_to=vehicle)
    sensor.listen(callback)
    return sensor
