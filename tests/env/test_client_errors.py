"""What the real client raises when the real server dies, hangs or says no."""

import os
import signal

import carla
import pytest

from av_td3.env.client_errors import explain, is_silence, try_spawn
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
def test_a_server_that_died_or_hangs_is_silent(scene, how):
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
        assert is_silence(error), error
        assert isinstance(explain(error, ""), SimulatorLost)


def test_where_nobody_listens_there_is_silence():
    client = carla.Client("127.0.0.1", 1)
    client.set_timeout(0.3)
    assert is_silence(raised_by(client.get_world))


def test_an_answer_that_says_no_is_no_silence(scene):
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
        assert not is_silence(error), error
        assert isinstance(explain(error, ""), EpisodeFailed)


def test_where_there_is_no_room_nothing_is_spawned(scene):
    assert try_spawn(scene.world, scene.blueprint, scene.place) is None
    elsewhere = scene.world.get_map().get_spawn_points()[5]
    assert try_spawn(scene.world, scene.blueprint, elsewhere).type_id == "vehicle.audi.tt"


def test_an_error_is_told_in_one_line_with_call_place_and_circumstances(scene):
    waypoint = scene.world.get_map().get_waypoint(scene.place.location)
    try:
        waypoint.next(0.0)
    except RuntimeError as error:
        told = explain(error, "episode seed 7")
    assert "RuntimeError: distance > 0.0 (at env/test_client_errors.py:" in str(told)
    assert "`waypoint.next(0.0)`; episode seed 7)" in str(told)
    assert "episode seed" not in told.cause
