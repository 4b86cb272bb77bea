"""Loads the machine code of a tick and of an image, before clients connect: the first start on a machine compiles it."""

from av_td3.simulator.builtin.actors import SensorActor
from av_td3.simulator.builtin.broadcast import snapshot
from av_td3.simulator.builtin.world import World


def warm_up(town: str, quality: str) -> None:
    """Drive a car and take an image of it, in a world of its own."""
    world = World(town, quality)
    (x, y, z), rotation = world.town.spawn_points[0]
    pose = [x, y, z, *rotation]
    car = world.spawn([0, "vehicle.tesla.model3", []], pose)
    camera = world.spawn([0, "sensor.camera.rgb", []], [-6.0, 0.0, 3.0, -15.0, 0.0, 0.0], car.id)
    assert isinstance(camera, SensorActor)
    world.tick()
    snapshot(world)
    world.camera_image(camera)
