"""Several environments in parallel, with real processes and without any."""

import os
import signal
import time

import numpy as np
import psutil
import pytest

from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import RemoteEnv, Step
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

AHEAD = np.array([0.0, 0.5], np.float32)


@pytest.fixture
def make(compose_config, tmp_path):
    pools = []

    def build(number, *overrides):
        config = compose_config("scenario=loop", *overrides)
        servers = [config.simulator.server(tmp_path / f"simulator-{i}.log") for i in range(number)]
        logs = [tmp_path / f"worker-{i}.log" for i in range(number)]
        envs = [RemoteEnv(config, server, log) for server, log in zip(servers, logs, strict=True)]
        pools.append(EnvPool(envs))
        return pools[-1], servers

    yield build
    for pool in pools:
        pool.close()


def test_each_request_is_answered_once_and_by_its_own_environment(make):
    pool, _ = make(2)
    first = begin(pool)
    assert set(first) == {0, 1}
    assert not np.array_equal(first[0]["vector"], first[1]["vector"])
    pool.step(1, AHEAD)
    answer = pool.next_answer()
    assert answer.env_index == 1
    assert isinstance(answer.result, Step)


def begin(pool):
    """Both environments at the start of an episode."""
    for env_index in (0, 1):
        pool.reset(env_index, seed=env_index)
    return dict(pool.next_answer() for _ in range(2))


def step_until_the_other_answers(pool):
    """Step environment 1 until environment 0 answers; returns that answer, and how often 1 answered before."""
    answered = 0
    while (answer := pool.next_answer()).env_index == 1:
        answered += 1
        over = isinstance(answer.result, Step) and (answer.result.terminated or answer.result.truncated)
        if over:
            pool.reset(1, seed=answered)
        else:
            pool.step(1, AHEAD)
    return answer.result, answered


def test_no_environment_waits_for_one_that_hangs_or_restarts(make):
    pool, servers = make(2, "simulator.timeout=3.0")
    begin(pool)
    before = pool[0].restarts  # a start on a busy machine may need a second one
    os.kill(servers[0].pid, signal.SIGSTOP)
    for env_index in (0, 1):
        pool.step(env_index, AHEAD)
    result, answered = step_until_the_other_answers(pool)
    assert isinstance(result, SimulatorLost)
    assert answered > 20  # in the three seconds and more that the other one hung
    pool.reset(0, seed=5)
    result, answered = step_until_the_other_answers(pool)
    assert set(result) == {"image", "vector"}
    assert answered > 0  # while the other one restarted
    assert pool[0].restarts > before


def test_an_error_that_ends_the_last_environment_is_raised_and_that_of_another_is_its_answer(make):
    pool, _ = make(2, "scenario.spawn_point=9999")
    pool.reset(1, seed=0)
    env_index, error = pool.next_answer()
    assert (env_index, type(error)) == (1, SimulatorUnavailable)
    pool.reset(0, seed=0)
    with pytest.raises(SimulatorUnavailable, match=r"scenario\.spawn_point=9999"):
        pool.next_answer()


@pytest.mark.parametrize("hung", [False, True])
def test_closing_ends_all_processes_soon(make, hung):
    older = set(psutil.Process().children(recursive=True))
    pool, servers = make(2, "simulator.timeout=20.0")
    begin(pool)
    if hung:
        os.kill(servers[1].pid, signal.SIGSTOP)
        pool.step(1, AHEAD)
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 15.0
    assert set(psutil.Process().children(recursive=True)) - older == set()


class Echo:
    """Answers with its name and what it was asked."""

    def __init__(self, name):
        self.name = name

    def reset(self, seed, options=None):
        return (self.name, "reset", seed)

    def step(self, action):
        return (self.name, "step", action)

    def close(self):
        pass


def test_an_answer_says_which_environment_gave_it():
    pool = EnvPool([Echo("a"), Echo("b"), Echo("c")])
    for index in (2, 0, 1):
        pool.reset(index, seed=10 + index)
        assert pool.next_answer() == (index, ("abc"[index], "reset", 10 + index))
        pool.step(index, 0.5)
        assert pool.next_answer() == (index, ("abc"[index], "step", 0.5))
    assert [env.name for env in pool] == ["a", "b", "c"]
    pool.close()
