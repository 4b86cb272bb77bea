"""Evaluation with a real environment, whose reward fails at some starts."""

import numpy as np
import pytest

from av_td3.env.remote_env import RemoteEnv
from av_td3.training.evaluation import evaluate, means

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
        return evaluate(Straight(), envs[-1], 3, EPISODES)  # seed 3: one of them fails

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
