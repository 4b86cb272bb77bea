from contextlib import suppress
from itertools import pairwise

import carla
import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from av_td3.env.carla_env import CarlaEnv
from av_td3.env.errors import EpisodeFailed
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from tests.env.states import SCALES
from tests.system.runs import until


@pytest.fixture
def make(compose_config, server_config):
    made = []

    def build(*overrides):
        config = compose_config(*overrides)
        made.append(CarlaEnv(config.model_copy(update={"simulator": server_config})))
        return made[-1]

    yield build
    for env in made:
        env.close()


def rollout(env, seed, actions):
    observation, _ = env.reset(seed=seed)
    out = [(observation, 0.0, False, False, {})]
    for action in actions:
        out.append(env.step(np.array(action, np.float32)))
        if out[-1][2] or out[-1][3]:
            break
    return out


def test_gymnasium_finds_nothing_to_object_to(make):
    check_env(make("scenario=suburb_empty"), skip_render_check=True)


def test_it_is_registered(server_config):
    env = gymnasium.make("av_td3.env:av_td3/Carla-v0", port=server_config.port, overrides=("scenario=loop",))
    observation, _ = env.reset(seed=3)
    assert observation["image"].shape == (4, 84, 84)
    assert observation["vector"].shape == (23,)
    env.close()


def test_the_same_seed_and_actions_give_the_same_episode_with_traffic(make):
    env = make("scenario.npc_vehicles=8")
    actions = [(0.02, 0.6)] * 40
    first, other, again = (rollout(env, seed, actions) for seed in (1, 2, 1))
    assert len(first) == len(again)
    for (oa, ra, *_), (ob, rb, *_) in zip(first, again, strict=True):
        assert np.array_equal(oa["image"], ob["image"])
        assert np.array_equal(oa["vector"], ob["vector"])
        assert ra == rb
    assert not np.array_equal(first[0][0]["vector"], other[0][0]["vector"])


def test_throttle_moves_along_the_route_and_is_rewarded(make):
    steps = rollout(make("scenario=loop", "scenario.spawn_point=0"), 0, [(0.0, 0.5)] * 25)
    assert steps[-1][4]["travelled"] > 5.0
    assert steps[-1][1] > steps[1][1]
    assert steps[-1][0]["vector"][0] > 0.1  # speed
    assert abs(steps[-1][0]["vector"][1]) < 0.1  # still in the middle of its lane
    ahead = steps[-1][0]["vector"][3:].reshape(10, 2)
    np.testing.assert_allclose(ahead[:, 0] * SCALES[3::2], np.arange(5.0, 51.0, 5.0), atol=3.0)


def test_frames_are_stacked_oldest_first(make):
    steps = rollout(make("scenario=loop"), 0, [(0.1, 1.0)] * 6)
    first = steps[0][0]["image"]
    assert all(np.array_equal(first[0], frame) for frame in first)
    for (before, *_), (after, *_) in pairwise(steps):
        assert np.array_equal(after["image"][:3], before["image"][1:])
    assert not np.array_equal(steps[-1][0]["image"][3], steps[-1][0]["image"][2])


def test_full_lock_ends_off_the_road(make):
    *_, (_, reward, terminated, truncated, info) = rollout(make("scenario=loop"), 0, [(1.0, 0.5)] * 100)
    assert (terminated, truncated, info["ending"]) == (True, False, "off_road")
    assert reward < -5.0
    assert 0.0 <= info["route_completion"] < 0.5


def test_standing_still_is_truncated(make):
    steps = rollout(make("scenario=loop", "scenario.max_episode_steps=12"), 0, [(0.0, -1.0)] * 20)
    assert len(steps) == 13
    _, _, terminated, truncated, info = steps[-1]
    assert (terminated, truncated, info["ending"]) == (False, True, "time_limit")


def test_driving_into_a_car_is_a_collision(make, server_config):
    env = make("scenario=loop", "scenario.spawn_point=0")
    env.reset(seed=0)
    world = other_world(server_config)
    (car,) = until(lambda: list(world.get_actors().filter("vehicle.*")), "the car", seconds=10.0)
    ahead = world.get_map().get_waypoint(car.get_location()).next(20.0)[0].transform
    ahead.location.z = 0.3
    world.spawn_actor(world.get_blueprint_library().find("vehicle.audi.tt"), ahead)
    for _ in range(80):
        _, reward, terminated, _, info = env.step(np.array([0.0, 1.0], np.float32))
        if terminated:
            break
    assert info["ending"] == "collision"
    assert reward < -5.0
    env.reset(seed=1)  # a new episode begins without the wreck
    world = other_world(server_config)
    cars = until(lambda: list(world.get_actors().filter("vehicle.*")), "the car", seconds=10.0)
    assert len(cars) == 1


def other_world(server_config):
    """The world as another client sees it, once its first snapshot has arrived."""
    client = carla.Client(server_config.host, server_config.port)
    client.set_timeout(10.0)
    return client.get_world()


def test_a_following_driver_reaches_the_goal(make):
    """Steering by the waypoints of the observation is enough to arrive: the task can be done with what is seen."""
    env = make("scenario=suburb_empty", "scenario.route_length=120")
    arrived = 0
    for seed in range(4):
        observation, _ = env.reset(seed=seed)
        for _ in range(500):
            speed, _, _, x, y = (observation["vector"] * SCALES)[:5]
            action = np.array([2.0 * np.arctan2(y, x), 0.5 if speed < 6.0 else -0.1], np.float32)
            observation, _, terminated, truncated, info = env.step(np.clip(action, -1, 1))
            if terminated or truncated:
                break
        arrived += info["ending"] == "goal"
        assert info["route_completion"] > 0.3
    assert arrived >= 3


def test_an_episode_begins_at_every_spawn_point_of_the_loop(make):
    env = make("scenario=loop", "scenario.spawn_point=16")  # where the client's own walk along the lane fails
    _, info = env.reset(seed=0)
    assert info["route_length"] > 190.0


@pytest.mark.parametrize(("pitch", "more_sky"), [(-25.0, -1), (25.0, 1)])
def test_pitch_turns_the_camera_up_and_down(make, pitch, more_sky):
    assert more_sky * (sky(make, pitch) - sky(make, 0.0)) > 12


def sky(make, pitch):
    """How many rows of sky stand above the road."""
    env = make("scenario=loop", "scenario.spawn_point=0", f"observation.cameras.front.pitch={pitch}")
    image = env.reset(seed=0)[0]["image"][-1]
    env.close()
    return int((image[:, 42] > 160).sum())


def test_another_client_that_removes_the_sensors_costs_one_episode(make, server_config):
    env = make("scenario=loop")
    env.reset(seed=0)
    other = carla.Client(server_config.host, server_config.port)
    other.set_timeout(10.0)
    world = other.get_world()  # knows of actors once its first snapshot has arrived
    sensors = until(lambda: list(world.get_actors().filter("sensor.*")), "the sensors", seconds=10.0)
    other.apply_batch_sync([carla.command.DestroyActor(sensor.id) for sensor in sensors], True)
    with pytest.raises((SimulatorLost, EpisodeFailed)):
        env.step(np.zeros(2, np.float32))
    with suppress(EpisodeFailed):
        env.reset(seed=0)
    env.reset(seed=0)
    env.step(np.zeros(2, np.float32))


def test_a_missing_server_is_an_error_of_one_line(compose_config):
    config = compose_config("simulator.port=1", "simulator.timeout=0.5")
    with pytest.raises(SimulatorUnavailable, match=r"127\.0\.0\.1:1"):
        CarlaEnv(config)


REAR = "+observation.cameras.rear={_target_:av_td3.env.cameras.RgbCamera,x:-2.0,y:0.0,z:1.6,pitch:-5.0,yaw:180.0,fov:70.0}"


def test_several_cameras_are_seen_together_in_every_step(make):
    shape = ("observation.stack=3", "observation.frame_size=96", "observation.color=rgb")
    env = make("scenario=loop", "scenario.spawn_point=0", *shape, REAR)
    steps = rollout(env, 0, [(0.0, 1.0)] * 4)
    assert env.observation_space["image"].shape == (18, 96, 96)
    assert all(env.observation_space.contains(observation) for observation, *_ in steps)
    for (before, *_), (after, *_) in pairwise(steps):
        assert np.array_equal(after["image"][:12], before["image"][6:])  # six channels a step
    front, rear = steps[-1][0]["image"][-6:-3], steps[-1][0]["image"][-3:]
    assert not np.array_equal(front, rear)
    env.close()
    alone = rollout(make("scenario=loop", "scenario.spawn_point=0", *shape), 0, [(0.0, 1.0)] * 4)
    assert np.array_equal(alone[-1][0]["image"][-3:], front)  # another camera does not change what the first one sees


def test_rates_limit_the_controls_and_not_the_action(make):
    actions = [(1.0, 1.0), (1.0, 1.0), (-1.0, -1.0), (0.0, 0.3)]
    env = make("scenario=loop", "action=steer_pedal_rate_limited")
    limited = rollout(env, 0, actions)
    env.close()
    controls = np.array([(0.0, 0.0), *(info["controls"] for *_, info in limited[1:])])
    np.testing.assert_allclose(controls[1:], [(0.4, 0.5), (0.8, 1.0), (0.4, 0.5), (0.0, 0.3)], atol=1e-6)
    plain = rollout(make("scenario=loop"), 0, actions)
    assert [info["controls"] for *_, info in plain[1:]] == [pytest.approx(action) for action in actions]


def test_rates_that_limit_nothing_change_no_bit_of_an_episode(make):
    rng = np.random.default_rng(0)
    actions = [(0.2 * rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(30)]
    huge = ("action=steer_pedal_rate_limited", "action.max_steer_rate=1000", "action.max_pedal_rate=1000")
    env = make("scenario=loop")
    plain = rollout(env, 1, actions)
    env.close()
    limited = rollout(make("scenario=loop", *huge), 1, actions)
    for (first, *others, _), (second, *same, _) in zip(plain, limited, strict=True):
        assert others == same
        assert all(np.array_equal(first[name], second[name]) for name in first)
