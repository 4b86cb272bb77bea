"""The car's sensors: which tick a reading counts for. On the real server, and among messages that a test sends."""

import threading
import time
from types import SimpleNamespace

import carla
import pytest

from av_td3.env.sensors import Sensors
from av_td3.simulator.errors import SimulatorLost
from tests.env.fake_world import FakeWorld, image


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
    sensors = Sensors(world, car, compose_config().observation, 5.0, 0.2)
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
    assert sensors.collided(frame, 100.0) == "vehicle.audi.tt"


def test_a_collision_counts_for_no_tick_before(crash):
    sensors, frame = crash
    assert not sensors.collided(frame - 1, 100.0)


NO_PUSH, CRASH = 0.0, 100.0  # m/s2


@pytest.fixture
def build(compose_config):
    """Sensors, and what sends to them: one for collisions, one for the camera."""

    def sensors(*overrides, collision_wait=0.2):
        world = FakeWorld()
        built = Sensors(world, "the car", compose_config(*overrides).observation, 0.05, collision_wait)
        return built, *world.sensors

    return sensors


def hit(sensor, frame, kind="static"):
    sensor.callback(SimpleNamespace(frame=frame, other_actor=SimpleNamespace(type_id=kind)))


def test_a_camera_sits_where_its_keys_say(build):
    keys = {"x": 1.5, "y": -0.5, "z": 1.75, "pitch": -12.5, "yaw": 30.0}
    _, collision, camera = build(*(f"observation.cameras.front.{key}={value}" for key, value in keys.items()))
    place, turned = camera.mount.location, camera.mount.rotation
    assert (place.x, place.y, place.z, turned.pitch, turned.yaw, turned.roll) == (*keys.values(), 0.0)
    assert (camera.blueprint.name, collision.blueprint.name) == ("sensor.camera.rgb", "sensor.other.collision")


def test_a_collision_counts_up_to_its_tick_and_not_before(build):
    sensors, collision, _ = build()
    hit(collision, 8)
    assert not sensors.collided(7, NO_PUSH)
    for frame in (7, 8):  # one that came too late for its own tick counts for the next
        hit(collision, frame)
        assert sensors.collided(8, NO_PUSH)
    assert not sensors.collided(9, NO_PUSH)


def test_a_collision_behind_a_later_one_still_counts(build):
    sensors, collision, _ = build()
    for frame in (9, 8):
        hit(collision, frame)
    assert sensors.collided(8, NO_PUSH)


def test_the_kind_is_that_of_what_was_hit_first(build):
    sensors, collision, _ = build()
    assert sensors.collided(7, NO_PUSH) is None
    for frame, kind in ((9, "walker.pedestrian.0001"), (8, "vehicle.bmw.isetta"), (8, "static")):
        hit(collision, frame, kind)
    assert sensors.collided(8, NO_PUSH) == "vehicle.bmw.isetta"
    assert sensors.collided(8, NO_PUSH) is None


def test_a_hard_push_is_waited_for_and_a_soft_one_is_not(build):
    sensors, collision, _ = build()
    late = threading.Timer(0.05, hit, (collision, 8))
    late.start()
    assert not sensors.collided(8, NO_PUSH)
    assert sensors.collided(8, CRASH)
    late.join()


def test_without_a_wait_a_late_collision_costs_no_time_and_counts_in_the_next_step(build):
    sensors, collision, _ = build(collision_wait=0.0)
    began = time.monotonic()
    assert not any(sensors.collided(frame, CRASH) for frame in range(100))
    assert time.monotonic() - began < 0.1
    hit(collision, 99)
    assert sensors.collided(100, NO_PUSH)


def test_an_image_is_that_of_the_tick_itself(build):
    sensors, _, camera = build()
    for frame in (6, 7, 8):
        camera.callback(image(frame))
    seen = sensors.images(7)["front"]
    assert (seen.shape, seen.min(), seen.max()) == ((84, 84, 4), 7, 7)
    with pytest.raises(SimulatorLost, match="camera front skipped frame 7: it sent 8"):
        sensors.images(7)
    with pytest.raises(SimulatorLost, match=r"no image of camera front at frame 9 within 0\.05 s"):
        sensors.images(9)


def test_what_was_seen_before_an_episode_is_cleared(build):
    sensors, collision, camera = build()
    hit(collision, 5)
    camera.callback(image(5))
    sensors.clear()
    assert not sensors.collided(6, NO_PUSH)
    with pytest.raises(SimulatorLost):
        sensors.images(5)
