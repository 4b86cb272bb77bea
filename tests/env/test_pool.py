"""Several environments at the same time, with real processes."""

import os
import signal
import time

import numpy as np
import psutil
import pytest

from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import RemoteEnv, Step
from av_td3.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.builtin_server import BuiltinServer

AHEAD = np.array([0.0, 0.5], np.float32)


@pytest.fixture
def make(compose_config, tmp_path):
    pools = []

    def build(number, *overrides):
        config = compose_config("scenario=loop", *overrides)
        servers = [BuiltinServer(config.simulator, tmp_path / f"simulator-{i}.log") for i in range(number)]
        logs = [tmp_path / f"worker-{i}.log" for i in range(number)]
        envs = [
            RemoteEnv(server, config.simulator, config.scenario, config.reward, log)
            for server, log in zip(servers, logs, strict=True)
        ]
        pools.append(EnvPool(envs))
        return pools[-1], servers

    yield build
    for pool in pools:
        pool.close()


def test_each_request_is_answered_once_and_by_its_own_environment(make):
    pool, _ = make(2)
    for lane in (0, 1):
        pool.reset(lane, seed=lane)
    first = dict(pool.next_answer() for _ in range(2))
    assert set(first) == {0, 1}
    assert not np.array_equal(first[0]["vector"], first[1]["vector"])
    pool.step(1, AHEAD)
    answer = pool.next_answer()
    assert answer.lane == 1
    assert isinstance(answer.result, Step)


def test_nobody_waits_for_an_environment_that_hangs_or_starts_anew(make):
    pool, servers = make(2, "simulator.timeout=2.0")
    for lane in (0, 1):
        pool.reset(lane, seed=lane)
    for _ in range(2):
        pool.step(pool.next_answer().lane, AHEAD)
    os.kill(servers[0].pid, signal.SIGSTOP)
    answers = []
    while 0 not in [a.lane for a in answers] or len(answers) < 60:
        answers.append(pool.next_answer())
        if isinstance(answers[-1].result, SimulatorLost):
            pool.reset(answers[-1].lane, seed=5)
            break
        if answers[-1].lane == 1 or len(answers) == 1:
            pool.step(answers[-1].lane, AHEAD)
    assert isinstance(answers[-1].result, SimulatorLost)
    assert answers[-1].lane == 0
    assert len([a for a in answers if a.lane == 1]) > 60  # it drove on for the seconds that the other one hung
    while pool.next_answer().lane != 0:
        pool.step(1, AHEAD)
    assert pool.restarts == 1


def test_what_ends_an_environment_for_good_reaches_the_learner(make):
    pool, _ = make(2, "scenario.spawn_point=9999")
    pool.reset(1, seed=0)
    with pytest.raises(SimulatorUnavailable, match=r"scenario\.spawn_point=9999"):
        pool.next_answer()


@pytest.mark.parametrize("hung", [False, True])
def test_closing_ends_all_processes_soon(make, hung):
    older = set(psutil.Process().children(recursive=True))
    pool, servers = make(2, "simulator.timeout=20.0")
    for lane in (0, 1):
        pool.reset(lane, seed=lane)
    for _ in range(2):
        pool.next_answer()
    if hung:
        os.kill(servers[1].pid, signal.SIGSTOP)
        pool.step(1, AHEAD)
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 15.0
    assert set(psutil.Process().children(recursive=True)) - older == set()
