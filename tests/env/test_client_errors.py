"""What the real client raises when the real server dies, hangs or reports an error."""

import os
import signal

import carla
import pytest

from av_td3.env.client_errors import is_timeout, translate, try_spawn
from av_td3.env.errors import EpisodeFailed
from av_td3.simulator.errors import SimulatorLost


class Scene:
    """A car on a server of its own."""

    def __init__(self, config, log):
        self.server = config.server(log)
        host, port = self.server.start()
        self.client = carla.Client(host, port)
        self.client.set_timeout(10.0)
        self.world = self.client.get_world()
        self.place = self.world.get_map().get_spawn_points()[0]
        self.blueprint = self.world.get_blueprint_library().find("vehicle.audi.tt")
        self.car = self.world.spawn_actor(self.blueprint, self.place)
        settings = self.world.get_settings()
        settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.1
        self.world.apply_settings(settings)
        self.world.tick()
        self.client.set_timeout(0.5)


@pytest.fixture
def scene(compose_config, tmp_path):
    scene = Scene(compose_config().simulator, tmp_path / "simulator.log")
    yield scene
    scene.server.stop()


def raised_by(call, *arguments):
    with pytest.raises((RuntimeError, IndexError, AttributeError)) as raised:
        call(*arguments)
    return raised.value


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_server_that_died_or_hangs_is_a_timeout(scene, how):
    world, client = scene.world, scene.client
    os.kill(scene.server.pid, how)
    destroy = [carla.command.DestroyActor(scene.car.id)]
    calls = [
        (world.tick,),
        (world.get_settings,),
        (world.get_map,),
        (world.get_blueprint_library,),
        (world.spawn_actor, scene.blueprint, scene.place),
        (try_spawn, world, scene.blueprint, scene.place),
        (client.apply_batch_sync, destroy, True),
        (client.reload_world, False),
        (client.load_world, "Suburb01"),
        (client.get_available_maps,),
        (client.get_trafficmanager, 8123),
        (scene.car.set_autopilot, True, 8123),
    ]
    for call in calls:
        error = raised_by(*call)
        assert is_timeout(error), error
        assert isinstance(translate(error, ""), SimulatorLost)


def test_an_address_without_a_server_is_a_timeout():
    client = carla.Client("127.0.0.1", 1)
    client.set_timeout(0.3)
    assert is_timeout(raised_by(client.get_world))


def test_an_error_of_the_server_is_not_a_timeout(scene):
    world, car = scene.world, scene.car
    waypoint = world.get_map().get_waypoint(scene.place.location)
    answers = [
        raised_by(scene.client.load_world, "Nowhere"),
        raised_by(world.get_blueprint_library().find, "vehicle.none"),
        raised_by(world.spawn_actor, scene.blueprint, scene.place),
        raised_by(waypoint.next, 0.0),
    ]
    car.destroy()
    world.tick()
    answers.append(raised_by(car.get_transform))
    for error in answers:
        assert not is_timeout(error), error
        assert isinstance(translate(error, ""), EpisodeFailed)


def test_nothing_is_spawned_where_the_space_is_occupied(scene):
    assert try_spawn(scene.world, scene.blueprint, scene.place) is None
    elsewhere = scene.world.get_map().get_spawn_points()[5]
    assert try_spawn(scene.world, scene.blueprint, elsewhere).type_id == "vehicle.audi.tt"


def test_the_message_has_call_place_and_context_in_one_line(scene):
    waypoint = scene.world.get_map().get_waypoint(scene.place.location)
    try:
        waypoint.next(0.0)
    except RuntimeError as error:
        translated = translate(error, "episode seed 7")
    assert "RuntimeError: distance > 0.0 (at env/test_client_errors.py:" in str(translated)
    assert "`waypoint.next(0.0)`; episode seed 7)" in str(translated)
    assert "episode seed" not in translated.cause
