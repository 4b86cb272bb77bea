"""A server that others have started: how it is found again, and that its world is left as it was."""

import os
import signal
import threading
import time

import carla
import numpy as np
import pytest

from av_td3.config.composition import driving_task
from av_td3.config.errors import ConfigError
from av_td3.env.carla_env import CarlaEnv
from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv
from av_td3.env.route_planner import RoutePlanner
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from tests.system.runs import descendants_with

AHEAD = np.array([0.0, 0.5], np.float32)
SETTINGS = ("simulator.timeout=2.0", "simulator.restart_delay=0.0", "scenario.npc_vehicles=2", "scenario.weather=WetNoon")


@pytest.fixture
def shared(compose_config, tmp_path):
    """A server's port, and its world with somebody's car, camera, weather and settings."""
    server = compose_config().simulator.server(tmp_path / "theirs.log")
    host, port = server.start()
    client = carla.Client(host, port)
    client.set_timeout(5.0)
    world = client.get_world()
    settings, weather = world.get_settings(), world.get_weather()
    settings.max_substeps, weather.cloudiness = 12, 33.0
    world.apply_settings(settings)
    world.set_weather(weather)
    library, points = world.get_blueprint_library(), world.get_map().get_spawn_points()
    blueprint = library.find("vehicle.audi.tt")
    blueprint.set_attribute("role_name", "hero")
    car = world.spawn_actor(blueprint, points[0])
    camera = world.spawn_actor(library.find("sensor.camera.rgb"), carla.Transform(), attach_to=car)
    yield port, world, {car.id, camera.id}
    server.stop()


@pytest.fixture
def compose_task():
    return lambda *overrides: driving_task(["name=test", "scenario.npc_vehicles=0", *overrides])


@pytest.fixture
def make(compose_config, tmp_path):
    made = []

    def build(port, *overrides):
        config = compose_config("simulator=carla", f"simulator.port={port}", *SETTINGS, *overrides)
        made.append(RemoteEnv(config, config.simulator.server(tmp_path / "unused.log"), tmp_path / "worker.log"))
        return made[-1]

    yield build
    for env in made:
        env.close()


def actors(world):
    return {actor.id for actor in world.get_actors() if actor.type_id.startswith(("vehicle.", "sensor."))}


def state(world):
    settings, weather = world.get_settings(), world.get_weather()
    return settings.synchronous_mode, settings.fixed_delta_seconds, settings.max_substeps, weather.cloudiness


def worker():
    return descendants_with("av_td3.env.worker")[0]


@pytest.mark.parametrize("radius", ["null", "50.0"])
def test_the_world_is_left_as_it_was_found(shared, make, radius):
    port, world, theirs = shared
    before = state(world)
    env = make(port, f"simulator.hybrid_physics_radius={radius}")
    for seed in (0, 1):
        env.reset(seed)
        env.step(AHEAD)
        assert actors(world) > theirs
        assert len(actors(world)) == len(theirs) + 5  # our car and its two sensors, and two others
        assert state(world) != before
    env.close()
    assert (actors(world), state(world)) == (theirs, before)


@pytest.mark.parametrize("radius", ["null", "50.0"])
def test_what_a_killed_process_has_left_is_cleared_by_the_next_one(shared, make, radius):
    port, world, theirs = shared
    before = state(world)
    env = make(port, f"simulator.hybrid_physics_radius={radius}")
    env.reset(0)
    os.kill(worker().pid, signal.SIGKILL)
    with pytest.raises(SimulatorLost):
        env.step(AHEAD)
    assert len(actors(world)) == len(theirs) + 5
    assert state(world) != before
    env.reset(1)
    assert len(actors(world)) == len(theirs) + 5
    env.close()
    assert (actors(world), state(world)) == (theirs, before)


@pytest.mark.parametrize("change", ["scenario.town=Loop01", "simulator.reload_each_episode=true"])
def test_a_map_is_not_loaded_over_actors_of_others(shared, make, change):
    port, world, theirs = shared
    before = state(world)
    env = make(port, change)
    with pytest.raises(SimulatorUnavailable, match=r"would destroy 2 actors of others, such as a (vehicle|sensor)\."):
        env.reset(0)
    env.close()
    assert (actors(world), state(world)) == (theirs, before)


@pytest.mark.parametrize("radius", ["null", "50.0"])
def test_a_reset_that_fails_leaves_nothing_behind(shared, compose_config, monkeypatch, radius):
    """Its car has not been through a tick, so that the client does not list it."""

    def fail(*arguments):
        raise RuntimeError("no route")

    monkeypatch.setattr(RoutePlanner, "plan", fail)
    port, world, theirs = shared
    overrides = ("simulator=carla", f"simulator.port={port}", *SETTINGS, f"simulator.hybrid_physics_radius={radius}")
    env = CarlaEnv(compose_config(*overrides))
    for seed in (0, 1):
        with pytest.raises(EpisodeFailed, match="no route"):
            env.reset(seed=seed)
    env.close()
    world.wait_for_tick()
    assert actors(world) == theirs


def test_cameras_work_where_somebody_has_switched_rendering_off(shared, make):
    port, world, _ = shared
    settings = world.get_settings()
    settings.no_rendering_mode = True
    world.apply_settings(settings)
    env = make(port)
    assert env.reset(0)["image"].std() > 0.0
    env.close()
    assert world.get_settings().no_rendering_mode


@pytest.mark.parametrize(
    ("overrides", "rendered"),
    [
        (("simulator=builtin",), False),
        (("simulator=builtin", "simulator.spectator=true"), True),
        (("simulator=carla",), True),  # for the cameras of others
    ],
)
def test_without_cameras_only_shared_servers_and_those_with_a_spectator_render(shared, compose_task, overrides, rendered):
    port, world, _ = shared
    env = CarlaEnv(compose_task("observation=vector", *overrides, f"simulator.port={port}"))
    observation, _ = env.reset(seed=0)
    assert observation.keys() == env.observation_space.keys() == {"vector"}
    assert world.get_settings().no_rendering_mode is not rendered
    env.step(AHEAD)
    env.close()
    assert not world.get_settings().no_rendering_mode


def test_a_world_that_another_client_ticks_is_not_taken(shared, make):
    port, world, _ = shared
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    env = make(port)
    over = threading.Event()

    def tick():
        while not over.wait(0.05):
            world.tick()

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        with pytest.raises(SimulatorUnavailable, match="another client ticks this world"):
            env.reset(0)
    finally:
        over.set()
        thread.join()


def test_a_server_that_comes_back_is_used_again(compose_config, make, tmp_path):
    server = compose_config().simulator.server(tmp_path / "theirs.log")
    _, port = server.start()
    env = make(port, "simulator.restart_delay=1.0", "simulator.max_restarts=5")
    env.reset(0)
    server.stop()
    with pytest.raises(SimulatorLost):
        env.step(AHEAD)
    observations = []

    def drive():  # in one thread, with which the environment's processes end
        env.reset(1)
        observations.append(env.step(AHEAD).observation)

    thread = threading.Thread(target=drive)
    thread.start()
    time.sleep(2.0)
    again = compose_config(f"simulator.port={port}").simulator.server(tmp_path / "theirs.log")
    try:
        again.start()
        thread.join()
    finally:
        env.close()
        again.stop()
    assert len(observations) == 1
    assert env.restarts >= 2


def test_where_there_never_was_a_server_nothing_is_tried_again(make):
    env = make(9)
    with pytest.raises(SimulatorUnavailable, match=r"simulator\.port=9: no CARLA server answers there .Connection refused"):
        env.reset(0)
    assert env.restarts == 0


def test_each_environment_has_a_server_of_its_own(compose_config):
    simulator = compose_config("simulator=carla", "simulator.servers=[node1:2000,node2:2004]").simulator
    simulator.check_environments(2)
    assert [tuple(simulator.of_environment(i).server(None).address) for i in (0, 1)] == [("node1", 2000), ("node2", 2004)]
    for num_envs in (1, 3):
        with pytest.raises(ConfigError, match=rf"simulator.servers=.*: names 2, but hardware.num_envs={num_envs}"):
            simulator.check_environments(num_envs)
    twice = compose_config("simulator=carla", "simulator.servers=[a:2000,a:2000]").simulator
    with pytest.raises(ConfigError, match="names a server twice"):
        twice.check_environments(2)


def test_without_a_list_the_ports_follow_each_other(compose_config):
    simulator = compose_config("simulator=carla", "simulator.port=2000").simulator
    assert [simulator.of_environment(i).port for i in range(3)] == [2000, 2004, 2008]
