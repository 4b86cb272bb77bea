"""The collector on answers that come in a fixed order."""

from types import SimpleNamespace

import numpy as np
import pytest

from av_td3.env.remote_env import Step
from av_td3.env.seeding import episode_seed
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.training.collector import Collector

INFO = {"terms": {}, "speed": 0.0, "travelled": 0.0, "over_the_line": False, "collided": False}
INFO |= {"position": (0.0, 0.0), "controls": (0.0, 0.0)}


def step(reward, *, terminated=False, truncated=False):
    return Step({"from": reward}, reward, terminated, truncated, INFO)


class Answers:
    """Environments named a and b, and their answers as (env_index, answer)."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.seeds, self.options = [], []

    def __len__(self):
        return 2

    def __getitem__(self, env_index):
        return "ab"[env_index]

    def reset(self, env_index, seed, options=None):
        self.seeds.append((env_index, seed))
        self.options.append(options)

    def step(self, env_index, action):
        pass

    def next_answer(self):
        return self._answers.pop(0)


class Stored:
    """A replay that keeps what it is given."""

    def __init__(self):
        self.begun, self.added = [], []

    def begin_episode(self, observation, env_index):
        self.begun.append(env_index)

    def add(self, action, reward, terminated, observation, env_index):
        self.added.append((env_index, float(action[0]), reward, terminated))


@pytest.fixture
def collected():
    def collect(*answers, towns=(), every=1, seed=7):
        envs, replay = Answers(*answers), Stored()
        scenario = SimpleNamespace(towns=list(towns), town_every_episodes=every)
        collector = Collector(envs, replay, action_size=1, seed=seed, scenario=scenario)
        collector.begin()
        return SimpleNamespace(collector=collector, envs=envs, replay=replay)

    return collect


def test_the_environment_that_waits_is_the_one_whose_answer_came_last(collected):
    collector = collected((1, {}), (0, {}), (1, step(1.0))).collector
    waiting = []
    for _ in range(3):
        collector.wait()
        waiting.append(collector.idle_env)
    assert waiting == ["b", "a", "b"]


def test_a_step_is_stored_for_its_environment_with_the_action_that_led_to_it(collected):
    run = collected((0, {}), (1, {}), (1, step(5.0, truncated=True)), (0, step(6.0, terminated=True)))
    for env_index in (0, 1):
        run.collector.wait()
        run.collector.act(env_index, np.array([env_index + 0.5], np.float32))
    run.collector.wait()
    run.collector.wait()
    assert run.replay.begun == [0, 1]
    assert run.replay.added == [(1, 1.5, 5.0, False), (0, 0.5, 6.0, True)]


def test_seeds_follow_from_the_number_of_the_episode_whatever_its_environment(collected):
    run = collected((1, SimulatorLost("gone")))
    run.collector.wait()
    run.collector.begin_episode(1)
    assert run.envs.seeds == [(i, episode_seed(7, "training", number)) for number, i in enumerate((0, 1, 1))]


def test_without_its_simulator_an_environment_is_left_out_and_the_others_go_on(collected):
    run = collected((0, {}), (1, SimulatorUnavailable("no GPU")), (0, step(1.0, truncated=True)))
    run.collector.wait()
    lost = run.collector.wait().episode
    assert (lost.is_over, lost.record.ending, str(lost.error)) == (True, "lost", "no GPU")
    run.collector.begin_episode(1)
    run.collector.wait()
    run.collector.begin_episode(0)
    assert [env_index for env_index, _ in run.envs.seeds] == [0, 1, 0]


def towns_of(collected, number, **scenario):
    run = collected(**scenario)
    for _ in range(number - 2):
        run.collector.begin_episode(0)
    return [options.get("town") for options in run.envs.options]


@pytest.mark.parametrize("towns", [(), ("Ring01",)])
def test_a_single_town_is_not_drawn(collected, towns):
    assert towns_of(collected, 4, towns=towns) == [None] * 4


def test_the_town_follows_from_the_seed_and_the_number_of_the_episode(collected):
    towns = towns_of(collected, 40, towns="ab")
    assert 10 < towns.count("a") < 30
    assert towns_of(collected, 40, towns="ab") == towns
    assert towns_of(collected, 40, towns="ab", seed=8) != towns


def test_a_town_is_kept_for_some_episodes(collected):
    blocks = towns_of(collected, 40, towns="abc", every=4)
    assert blocks[::4] == blocks[3::4] == towns_of(collected, 10, towns="abc")
    assert set(blocks) == set("abc")
