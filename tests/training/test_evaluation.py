"""Evaluation: its routes, and episodes in a real environment whose reward fails at some starts."""

import re

import numpy as np
import pytest

from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv, Step
from av_td3.env.seeding import episode_seed, town_option
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.training.episode_video import EpisodeVideo
from av_td3.training.evaluation import evaluate, evaluation_episodes, means, validation_routes, why_drawn

EPISODES = 4


class Straight:
    """An agent that goes straight on."""

    def act(self, observation):
        return np.array([0.0, 0.5], np.float32)


@pytest.fixture
def rollouts(compose_config, tmp_path):
    envs = []

    def build(term):
        own = f"+reward.terms.own={{_target_:tests.env.terms.{term},weight:1.0}}"
        config = compose_config("scenario=loop", "scenario.max_episode_steps=3", own)
        server = config.simulator.server(tmp_path / "simulator.log")
        envs.append(RemoteEnv(config, server, tmp_path / "worker.log"))
        return evaluate(Straight(), envs[-1], evaluation_episodes(3, EPISODES, []))  # seed 3: one of them fails

    yield build
    for env in envs:
        env.close()


def test_episodes_that_fail_are_left_out_and_named(rollouts):
    records, failures = rollouts("FailingAtSomeStarts")
    assert sorted([*records, *failures]) == list(range(EPISODES))
    assert records
    assert failures
    assert all(record.length == 3 for record in records.values())
    assert all("no such reward" in str(error) for error in failures.values())
    assert means(records)["eval/length"] == 3.0


def test_where_all_fail_there_are_no_means(rollouts):
    records, failures = rollouts("Failing")
    assert (records, len(failures)) == ({}, EPISODES)
    assert means(records) == {}


# -- routes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "ids", "why"),
    [
        ((), [str(index) for index in range(10)], None),  # of the built-in simulator's own town
        (("scenario.town=[Loop01,Suburb01]",), [str(index) for index in range(10)], None),
        (("scenario=loop",), [], "scenario.validation_routes is null"),
        (("scenario.town=Ring01",), [], "none of scenario.validation_routes=suburb01_validation lies in Ring01"),
        (("simulator=carla",), [], "scenario.town is null, so it is unknown whether .*=suburb01_validation fits its map"),
        (("simulator=carla", "scenario.town=Suburb01"), [str(index) for index in range(10)], None),
    ],
)
def test_the_routes_are_those_of_the_validation_set_in_the_runs_towns(compose_config, overrides, ids, why):
    config = compose_config(*overrides)
    assert [route.id for route in validation_routes(config)] == ids
    if why is not None:
        assert re.fullmatch(why, why_drawn(config))


def test_episodes_drive_the_first_routes_and_go_round_again_with_other_seeds(compose_config):
    routes = validation_routes(compose_config())
    episodes = evaluation_episodes(7, 12, routes)
    assert [episode.route_id for episode in episodes] == [*map(str, range(10)), "0", "1"]
    assert [episode.seed for episode in episodes] == [episode_seed(7, "evaluation", index) for index in range(12)]
    drawn = evaluation_episodes(7, 12, [])
    assert [(episode.seed, episode.route) for episode in drawn] == [(episode.seed, None) for episode in episodes]


def test_a_drawn_episode_has_a_town_of_its_own_and_one_with_a_route_that_of_the_route(compose_config):
    towns = ["Suburb01", "Ring01"]
    drawn = evaluation_episodes(7, 20, [], towns)
    assert [one.town for one in drawn] == [town_option(towns, 7, index) for index in range(20)]
    assert {one.town["town"] for one in drawn} == set(towns)
    assert all(one.town == {} for one in evaluation_episodes(7, 20, validation_routes(compose_config()), towns))


def test_the_environment_drives_the_route_that_it_is_given(compose_config, tmp_path):
    config = compose_config("scenario.npc_vehicles=0", "scenario.max_episode_steps=2")
    env = RemoteEnv(config, config.simulator.server(tmp_path / "simulator.log"), tmp_path / "worker.log")
    routes = validation_routes(config)
    try:
        for route in routes[:2]:
            records, _ = evaluate(Straight(), env, evaluation_episodes(0, 1, [route]))
            assert np.hypot(*(np.array(records[0].trajectory[0][:2]) - route.positions[0][:2])) < 3.0
    finally:
        env.close()


# -- videos ------------------------------------------------------------------------------------------------------------


class Breaking:
    """An environment of two steps whose frames cannot be rendered."""

    def __init__(self, error):
        self.error, self.options = error, []

    def reset(self, seed, options):
        self.options.append(options["render"])
        self._left = 2
        return OBSERVATION

    def render(self):
        raise self.error

    def step(self, action):
        self._left -= 1
        info = {"position": (0.0, 0.0), "controls": (0.0, 0.0), "travelled": 0.0, "speed": 0.0, "over_the_line": False}
        return Step(OBSERVATION, 1.0, self._left == 0, False, info | {"terms": {}, "collided": False})


OBSERVATION = {"image": np.zeros((4, 84, 84), np.uint8)}


@pytest.mark.parametrize("error", [SimulatorLost("no image"), SimulatorUnavailable("gave up"), EpisodeFailed("drawing", "x")])
def test_an_episode_that_cannot_be_rendered_is_run_without(tmp_path, error):
    env, video = Breaking(error), EpisodeVideo(tmp_path / "a.mp4", 10.0, (1,))
    records, failures = evaluate(Straight(), env, evaluation_episodes(0, 2, []), video)
    video.close()
    assert env.options == [True, False, False]
    assert [record.length for record in records.values()] == [2, 2]
    assert failures == {}
    assert str(error) in video.problem
    assert list(tmp_path.iterdir()) == []
