"""What the environment makes of a car's motion, in a world without a server."""

import numpy as np
import pytest

from av_td3.env.carla_env import CarlaEnv
from av_td3.env.errors import EpisodeFailed
from av_td3.env.world import version_warning
from av_td3.simulator.port_lease import lease_port
from tests.env.fake_world import FakeWorld


@pytest.fixture
def make(compose_config, monkeypatch):
    """An environment and its world, at the start of an episode, in a car that drives at 8 m/s from then on."""
    made = []

    def build(*overrides):
        world = FakeWorld()
        monkeypatch.setattr("av_td3.env.episode_world.connect", lambda simulator: (world, world))
        made.append(
            CarlaEnv(compose_config("scenario=loop", "scenario.spawn_point=0", f"simulator.port={lease_port()}", *overrides))
        )
        made[-1].reset(seed=0)
        world.car.speed = 8.0
        return made[-1], world

    yield build
    for env in made:
        env.close()


def act(env, *actions):
    return [env.step(np.array(action, np.float32)) for action in actions]


def test_a_positive_steer_is_to_the_right_and_a_negative_pedal_brakes(make):
    env, world = make()
    act(env, (0.25, 0.5), (-0.5, -0.75))
    found = [(control.steer, control.throttle, control.brake) for control in world.car.controls[-2:]]
    assert found == [(0.25, 0.5, 0.0), (-0.5, 0.0, 0.75)]


def test_progress_is_the_way_made_in_each_step(make):
    env, _ = make("reward.target_speed=288")  # 80 m/s
    infos = [info for *_, info in act(env, *[(0.0, 0.5)] * 5)]
    assert [info["travelled"] for info in infos] == pytest.approx([0.8, 1.6, 2.4, 3.2, 4.0], abs=1e-3)
    assert [info["terms"]["progress"] for info in infos] == pytest.approx([0.04] * 5, abs=1e-3)  # a tenth of its weight


@pytest.mark.parametrize("speed", [8.0, -3.0])
@pytest.mark.parametrize("yaw", [0, 90, -90, 180])
def test_speed_is_along_the_car_whichever_way_it_faces(make, yaw, speed):
    env, world = make()
    world.car.yaw, world.car.speed = yaw, speed
    ((*_, info),) = act(env, (0.0, 0.5))
    assert info["speed"] == pytest.approx(speed, abs=1e-4)


def test_limited_controls_start_from_those_of_the_step_before(make):
    env, _ = make("action=steer_pedal_rate_limited")  # 4 and 5 a second, steps of 0.1 s
    infos = [info for *_, info in act(env, (1.0, 1.0), (1.0, 1.0))]
    assert [tuple(info["controls"]) for info in infos] == [pytest.approx((0.4, 0.5)), pytest.approx((0.8, 1.0))]


def test_smoothness_compares_with_the_step_before(make):
    env, _ = make("reward.weights.smoothness=1.0")
    infos = [info for *_, info in act(env, (0.0, 0.8), (0.0, 0.8))]
    assert [info["terms"]["smoothness"] for info in infos] == pytest.approx([-0.2, 0.0])


def test_the_time_limit_cuts_an_episode_off_part_of_the_way(make):
    env, world = make("scenario.max_episode_steps=3", "scenario.route_length=50")
    world.car.speed = 80.0
    steps = act(env, *[(0.0, 0.5)] * 3)
    ends = [(terminated, truncated) for _, _, terminated, truncated, _ in steps]
    assert ends == [(False, False), (False, False), (False, True)]
    info = steps[-1][4]
    assert (info["ending"], info["success"]) == ("time_limit", False)
    length = env.reset(seed=0)[1]["route_length"]
    assert length > 50.2  # a route ends at a waypoint, not at the metre
    assert info["route_completion"] == pytest.approx(24.0 / length, abs=1e-4)


def test_an_episode_begins_with_its_own_first_frame_alone(make):
    env, world = make()
    act(env, *[(0.0, 0.5)] * 2)
    observation, _ = env.reset(seed=1)
    assert np.unique(observation["image"]).tolist() == [world.frame]
    ((observation, *_),) = act(env, (0.0, 0.5))
    assert observation["image"][:, 0, 0].tolist() == [world.frame - 1] * 3 + [world.frame]


@pytest.mark.parametrize("ticks", [1, 10])
def test_an_episode_begins_after_its_warm_up(make, ticks):
    _, world = make(f"scenario.warmup_ticks={ticks}")
    assert world.frame == ticks + 1  # that of the first observation


def test_the_first_action_waits_until_the_car_stands(make):
    env, world = make("scenario.warmup_ticks=5")
    began = world.frame
    world.falls_for = 7  # ticks after the spawn
    env.reset(seed=1)
    assert world.frame - began == 1 + 7  # the car stands in its seventh tick, and the first frame is the eighth
    world.falls_for = 0
    began = world.frame
    env.reset(seed=1)
    assert world.frame - began == 5 + 1


def test_a_car_that_never_stands_costs_the_episode(make):
    env, world = make()
    world.falls_for = 10_000
    with pytest.raises(EpisodeFailed, match="the car does not come to rest within 60 ticks after spawning; it is at height"):
        env.reset(seed=1)


def test_the_spectator_is_above_the_car_when_asked_for(make):
    env, world = make("simulator.spectator=true")
    act(env, (0.0, 0.5), (0.0, 0.5))
    place = world.spectator.transform
    assert (place.location.x, place.location.y) == pytest.approx((world.car.x, world.car.y), abs=1e-3)
    assert (place.location.z, place.rotation.pitch) == (25.0, -90.0)
    env, world = make()
    assert world.spectator.transform is None


def test_a_server_of_another_version_is_warned_about(make):
    env, world = make()
    assert env.warnings == []
    assert version_warning(world) is None
    world.get_server_version = lambda: "0.9.15"
    assert version_warning(world).startswith("the CARLA server has version 0.9.15, the client 0.9.16")
