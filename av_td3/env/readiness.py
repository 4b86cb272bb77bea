"""Whether a server is ready: it has ticked a frame, and delivered the data of a sensor for it.

A server opens its port, and answers calls, seconds or minutes before it can render.
"""

import queue
import time
from typing import Any

import carla

from av_td3.env.client_errors import is_timeout
from av_td3.env.world import ROLE
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

CAMERA, WITHOUT_RENDERING = "sensor.camera.rgb", "sensor.other.gnss"
SIZE = 16  # pixels, each side of the image
POLL_INTERVAL = 0.5  # s that an image is waited for before the next tick
PATIENCE = 1.0  # s in which another client that ticks this world would do so


def wait_until_ready(world: Any, timeout: float, *, sensor: str = CAMERA) -> None:
    """Wait for the data of a sensor.

    Args:
        world: a ``carla.World``.
        timeout: seconds.
        sensor: its blueprint; a camera also shows that the server renders.

    Raises:
        SimulatorLost: none arrived in time.
        SimulatorUnavailable: another client ticks this world.

    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            if world.get_settings().synchronous_mode:
                _check_nobody_ticks(world)
            if _delivers(world, sensor, deadline):
                return
        except RuntimeError as error:
            if isinstance(error, SimulatorUnavailable) or not is_timeout(error):
                raise
        if time.monotonic() > deadline:
            data = "camera image" if sensor == CAMERA else f"data of {sensor}"
            raise SimulatorLost(f"the server answers, but no {data} arrived within {timeout:g} s")


def _check_nobody_ticks(world: Any) -> None:
    """A world in synchronous mode that advances belongs to a client that lives, not to one that was killed."""
    frames = [world.get_snapshot().frame]
    for _ in range(2):  # one more frame may be a tick of that client that came late
        time.sleep(PATIENCE / 2.0)
        frames.append(world.get_snapshot().frame)
    if frames[0] < frames[1] < frames[2]:
        raise SimulatorUnavailable("another client ticks this world: stop it, or use another server")


def _delivers(world: Any, sensor: str, deadline: float) -> bool:
    frames: queue.SimpleQueue[int] = queue.SimpleQueue()
    blueprint = world.get_blueprint_library().find(sensor)
    for name, value in (("image_size_x", SIZE), ("image_size_y", SIZE), ("role_name", ROLE)):
        if blueprint.has_attribute(name):
            blueprint.set_attribute(name, str(value))
    probe = world.spawn_actor(blueprint, carla.Transform(carla.Location(z=50.0)))
    try:
        probe.listen(lambda data: frames.put(data.frame))
        while time.monotonic() < deadline:
            if world.get_settings().synchronous_mode:
                world.tick()
            try:
                frames.get(timeout=POLL_INTERVAL)
            except queue.Empty:
                continue
            return True
        return False
    finally:
        probe.stop()
        probe.destroy()
