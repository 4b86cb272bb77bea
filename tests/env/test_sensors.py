"""The car's sensors on the real server: which tick a collision counts for."""

import time

import carla
import pytest

from av_td3.env.sensors import Sensors


@pytest.fixture
def crash(compose_config, server_config):
    """A car with sensors, and the frame at which it has just driven into another one."""
    client = carla.Client(server_config.host, server_config.port)
    client.set_timeout(10.0)
    world = client.load_world("Loop01")
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.1
    world.apply_settings(settings)
    library, start = world.get_blueprint_library(), world.get_map().get_spawn_points()[0]
    car = world.spawn_actor(library.find("vehicle.audi.tt"), start)
    ahead = world.get_map().get_waypoint(start.location).next(12.0)[0].transform
    ahead.location.z = 0.3
    world.spawn_actor(library.find("vehicle.audi.tt"), ahead)
    world.tick()
    frames = []
    witness = world.spawn_actor(library.find("sensor.other.collision"), carla.Transform(), attach_to=car)
    witness.listen(lambda event: frames.append(event.frame))
    sensors = Sensors(world, car, compose_config().observation, 5.0)
    car.apply_control(carla.VehicleControl(throttle=1.0))
    for _ in range(100):
        world.tick()
        time.sleep(0.02)  # for the event to arrive
        if frames:
            break
    yield sensors, frames[0]
    sensors.destroy()
    witness.stop()
    witness.destroy()
    settings.synchronous_mode, settings.fixed_delta_seconds = False, None
    world.apply_settings(settings)


def test_a_collision_counts_for_its_own_tick(crash):
    sensors, frame = crash
    assert sensors.collided(frame, 100.0)


def test_a_collision_counts_for_no_tick_before(crash):
    sensors, frame = crash
    assert not sensors.collided(frame - 1, 100.0)
