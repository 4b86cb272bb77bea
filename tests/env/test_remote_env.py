import os
import re
import signal
import threading
import time
from multiprocessing.connection import Connection

import numpy as np
import psutil
import pytest

from av_td3.config.simulator import Address
from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv
from av_td3.machine import process
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from tests.system.runs import command_line

AHEAD = np.array([0.0, 0.5], np.float32)


@pytest.fixture
def make(compose_config, tmp_path):
    made = []
    OLDER[:] = []
    OLDER[:] = children()

    def build(*overrides):
        config = compose_config("scenario=loop", "simulator.timeout=2.0", *overrides)
        server = config.simulator.server(tmp_path / "simulator.log")
        made.append(RemoteEnv(config, server, tmp_path / "worker.log"))
        return made[-1], server

    yield build
    for env in made:
        env.close()


OLDER = []  # the server that other tests share


def children():
    """Processes that this test has started and that still live."""
    return [p for p in psutil.Process().children(recursive=True) if p not in OLDER]


def worker():
    return next(p for p in children() if "av_td3.env.worker" in command_line(p))


@pytest.mark.parametrize(
    ("process", "signal_number"),
    [("simulator", signal.SIGKILL), ("simulator", signal.SIGSTOP), ("worker", signal.SIGKILL), ("worker", signal.SIGSTOP)],
)
def test_a_lost_process_costs_one_episode(make, process, signal_number):
    env, server = make()
    before = env.reset(seed=4)
    env.step(AHEAD)
    os.kill(server.pid if process == "simulator" else worker().pid, signal_number)
    began = time.monotonic()
    with pytest.raises(SimulatorLost):
        take_steps(env)
    assert time.monotonic() - began < 15.0
    assert children() == []
    again = env.reset(seed=4)
    assert env.restarts == 1
    assert np.array_equal(before["image"], again["image"])
    assert np.array_equal(before["vector"], again["vector"])
    env.step(AHEAD)


def take_steps(env, steps=3):
    for _ in range(steps):
        env.step(AHEAD)


def test_it_gives_up_when_no_episode_finishes(make):
    env, server = make("simulator.max_restarts=1")
    for lost in (SimulatorLost, SimulatorUnavailable):
        env.reset(seed=0)
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(lost):
            take_steps(env)
    assert children() == []


def test_closing_leaves_no_process(make):
    env, _ = make()
    env.reset(seed=0)
    assert len(children()) == 2
    env.close()
    assert children() == []
    env.close()


def test_it_gives_up_when_every_start_fails(make, monkeypatch):
    env, _ = make("simulator.max_restarts=1")
    monkeypatch.setattr("av_td3.env.remote_env.WORKER_MODULE", "av_td3.no_such_module")
    with pytest.raises(SimulatorUnavailable, match="gave up: the simulator was lost 2 times"):
        env.reset(seed=0)
    assert children() == []


def test_an_error_that_a_restart_cannot_fix_is_raised_at_once(make):
    env, _ = make("scenario.spawn_point=9999")
    with pytest.raises(SimulatorUnavailable, match=r"scenario\.spawn_point=9999: the map has the spawn points 0 to"):
        env.reset(seed=0)
    assert env.restarts == 0
    assert children() == []


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("scenario.town=Nowhere", r"scenario\.town=Nowhere: the server has the maps Loop01, Ring01, Suburb01"),
        ("scenario.vehicle=vehicle.none", r"scenario\.vehicle=vehicle\.none: the server has no such blueprint"),
    ],
)
def test_unknown_names_are_reported(make, override, words):
    env, _ = make(override)
    with pytest.raises(SimulatorUnavailable, match=words):
        env.reset(seed=0)


def test_an_external_server_is_used_and_left_running(compose_config, tmp_path):
    config = compose_config("scenario=loop", "simulator=carla", "simulator.timeout=5.0")
    theirs = compose_config().simulator.server(tmp_path / "simulator.log")
    try:
        simulator = config.simulator.model_copy(update={"port": theirs.start().port})
        env = RemoteEnv(
            config.model_copy(update={"simulator": simulator}),
            simulator.server(tmp_path / "none.log"),
            tmp_path / "worker.log",
        )
        for seed in (0, 1):  # without reloading the map in between
            env.reset(seed=seed)
            assert env.step(AHEAD).info["speed"] > 0.0
        worker().kill()  # it leaves its car and sensors behind
        with pytest.raises(SimulatorLost):
            take_steps(env)
        env.reset(seed=1)
        assert env.step(AHEAD).info["speed"] > 0.0
        env.close()
        assert psutil.Process(theirs.pid).is_running()
        env.reset(seed=2)
        env.close()
    finally:
        theirs.stop()


def test_a_failed_episode_is_not_retried_and_the_next_gets_a_new_worker(make):
    env, _ = make("+reward.terms.own={_target_:tests.env.terms.FailingLate,weight:1.0}", "scenario.spawn_point=3")
    env.reset(seed=11)
    before = children()
    with pytest.raises(EpisodeFailed) as failed:
        take_steps(env, 40)
    assert re.fullmatch(
        r"ZeroDivisionError: no such reward \(at env/terms\.py:\d+, `raise ZeroDivisionError\(\"no such reward\"\)`; "
        r"episode seed 11, spawn point 3 at \(-?\d+\.\d, -?\d+\.\d\), 1\.\d m driven\)",
        str(failed.value),
    )
    assert children() == []
    env.reset(seed=12)
    assert not set(before) & set(children())
    assert env.restarts == 0


class Standing:
    """A server that always runs, and is due for a restart after two episodes."""

    warnings = ("the driver chooses the GPU",)

    def is_due_for_restart(self, episodes):
        return episodes >= 2

    def start(self):
        return Address("127.0.0.1", 2000)

    def alive(self):
        return True

    def stop(self):
        pass


STARTED = ("done", ["old client"])
BEGUN = ("done", ({"image": None, "vector": None}, {"lanes": [], "route_length": 100.0}))
DRIVEN = ("done", ({}, 0.0, False, False, {}))
TERMINATED, TRUNCATED = ("done", ({}, 0.0, True, False, {})), ("done", ({}, 0.0, False, True, {}))
GONE, BLIND = ("SimulatorLost", "gone"), ("SensorLost", "no image")


@pytest.fixture
def scripted(compose_config, tmp_path, monkeypatch):
    """An environment without processes: each worker that it starts has given its next answers before it is asked."""
    ends = []

    def build(*lives, **simulator):
        lives = iter(lives)

        def start_module(module, arguments, log, *, pass_fds):
            ends.append(Connection(os.dup(pass_fds[0])))
            for answer in (STARTED, *next(lives)):
                ends[-1].send(answer)

        monkeypatch.setattr(process, "start_module", start_module)
        config = compose_config("scenario=loop", *(f"simulator.{key}={value}" for key, value in simulator.items()))
        return RemoteEnv(config, Standing(), tmp_path / "worker.log")

    yield build
    for end in ends:
        end.close()


def drive_until_lost(env, lost=SimulatorLost):
    env.reset(seed=0)
    with pytest.raises(lost):
        take_steps(env, 10)


@pytest.mark.parametrize("end", [TERMINATED, TRUNCATED])
def test_losses_are_counted_from_the_last_whole_episode_on(scripted, end):
    whole_then_lost, lost = (BEGUN, DRIVEN, end, BEGUN, GONE), (BEGUN, DRIVEN, GONE)
    env = scripted(lost, whole_then_lost, whole_then_lost, lost, max_restarts=1)
    drive_until_lost(env)
    for _ in range(2):
        env.reset(seed=0)
        take_steps(env, 2)
        drive_until_lost(env)
    drive_until_lost(env, SimulatorUnavailable)
    assert env.restarts == 4


@pytest.mark.parametrize("most", [0, 2])
def test_as_many_losses_as_max_restarts_are_survived(scripted, most):
    env = scripted(*[(BEGUN, GONE)] * (most + 1), max_restarts=most)
    for _ in range(most):
        drive_until_lost(env)
    drive_until_lost(env, SimulatorUnavailable)
    assert env.restarts == most + 1


def test_restarts_in_a_row_wait_longer_each_time(scripted, monkeypatch):
    delays = []
    monkeypatch.setattr(threading.Event, "wait", lambda self, timeout=None: delays.append(timeout))
    env = scripted(*[(GONE,)] * 5, (BEGUN,), restart_delay=20.0, max_restarts=9)
    env.reset(seed=0)
    assert delays == [20.0, 40.0, 60.0, 60.0]  # the first restart is at once


def test_a_wait_for_a_restart_ends_when_the_environment_is_closed(scripted):
    env = scripted((GONE,), (GONE,), (GONE,), restart_delay=60.0)
    threading.Timer(0.3, env.abort).start()
    began = time.monotonic()
    with pytest.raises(SimulatorUnavailable):
        env.reset(seed=0)
    assert time.monotonic() - began < 5.0


def test_a_server_that_is_due_is_restarted_before_an_episode_and_that_is_no_loss(scripted):
    env = scripted((BEGUN, BEGUN), (BEGUN, BEGUN))
    for _ in range(4):
        env.reset(seed=0)
    assert (env.renewals, env.restarts) == (1, 0)


def test_a_loss_of_a_sensor_is_counted_as_such(scripted):
    env = scripted((BEGUN, BLIND), (BEGUN, GONE), (BEGUN,))
    for _ in range(2):
        drive_until_lost(env)
    assert (env.restarts, env.sensor_losses) == (2, 1)


def test_the_time_of_each_step_is_kept(scripted):
    env = scripted((BEGUN, DRIVEN, DRIVEN))
    env.reset(seed=0)
    take_steps(env, 2)
    times = env.take_step_times()
    assert len(times) == 2
    assert all(0.0 <= seconds < 1.0 for seconds in times)
    assert env.take_step_times() == []


def test_times_are_taken_while_another_thread_makes_steps(scripted):
    env = scripted((BEGUN, *[DRIVEN] * 150))
    env.reset(seed=0)
    thread = threading.Thread(target=take_steps, args=(env, 150))
    thread.start()
    taken = []
    while thread.is_alive():
        taken += env.take_step_times()
    assert len(taken + env.take_step_times()) == 150


def test_a_warning_about_the_simulator_is_given_once(scripted):
    env = scripted((BEGUN, GONE), (BEGUN,))
    drive_until_lost(env)
    assert env.take_notes() == ["warning: the driver chooses the GPU", "warning: old client"]
    env.reset(seed=0)
    assert env.take_notes() == []
