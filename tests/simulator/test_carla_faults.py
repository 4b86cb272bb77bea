"""What goes wrong with a CARLA that the run has started, through the real client: what it costs, and what is left behind."""

import os
import signal
import threading
import time
from contextlib import suppress
from itertools import pairwise

import numpy as np
import pytest

from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.port_lease import lease_ports
from tests.carla_stand_in.launch import servers, stand_in, starts
from tests.system.runs import until

AHEAD = np.array([0.0, 0.5], np.float32)
IMPATIENT = ("simulator.timeout=2.0",)  # where the server keeps the client waiting
SCENE = ("scenario=loop", "scenario.max_episode_steps=40")


@pytest.fixture
def make(compose_config, tmp_path, bystander):
    """Environments with a stand-in for CARLA. At the end nothing of theirs is left, and the bystander lives."""
    made = []

    def build(*faults, more=()):
        config = compose_config(*stand_in(tmp_path, *faults), *SCENE, *more)
        simulator = config.simulator.of_environment(len(made) if not config.simulator.port else 0)
        server = simulator.server(tmp_path / "simulator.log")
        made.append(RemoteEnv(config.model_copy(update={"simulator": simulator}), server, tmp_path / "worker.log"))
        return made[-1]

    before = servers()
    yield build
    for env in made:
        env.close()
    assert servers() == before
    assert bystander[0].is_running()


def drive(env, steps):
    """Steps that were made; fewer where the episode ended."""
    for step in range(steps):
        result = env.step(AHEAD)
        if result.terminated or result.truncated:
            return step + 1
    return steps


def first_start(kind, **more):
    return {"kind": kind, "starts": [1], **more}


def test_a_server_that_never_answers_is_started_again_and_then_given_up(make, tmp_path):
    env = make({"kind": "never_starts"}, more=("simulator.start_timeout=2.0", "simulator.max_restarts=1"))
    with pytest.raises(
        SimulatorUnavailable, match=r"gave up: .* lost 2 times .*CARLA did not answer at port \d+ within .*=2 s"
    ):
        env.reset(0)
    assert len(starts(tmp_path)) == 2


def test_a_server_that_exits_is_quoted(make, tmp_path):
    env = make({"kind": "exits"}, more=("simulator.max_restarts=2",))
    with pytest.raises(SimulatorUnavailable, match=r"CARLA exited with code 1 while it started: LowLevelFatalError .* Vulkan"):
        env.reset(0)
    assert len(starts(tmp_path)) == 3


def test_a_server_that_starts_late_costs_nothing(make, tmp_path):
    env = make(first_start("starts_late", seconds=4.0), more=IMPATIENT)
    env.reset(0)
    assert drive(env, 3) == 3
    assert (env.restarts, len(starts(tmp_path))) == (0, 1)


def test_a_server_that_answers_long_before_it_has_a_world_costs_nothing(make, tmp_path):
    env = make(first_start("has_no_world_yet", seconds=7.0), more=IMPATIENT)
    env.reset(0)
    assert drive(env, 3) == 3
    assert (env.restarts, len(starts(tmp_path))) == (0, 1)


def test_a_server_that_never_has_a_world_is_given_up(make, tmp_path):
    env = make({"kind": "has_no_world_yet", "seconds": 99.0}, more=("simulator.start_timeout=5.0", "simulator.max_restarts=0"))
    with pytest.raises(SimulatorUnavailable, match=r"gave up: .*(no answer to start|has no world)"):
        env.reset(0)


def test_a_fixed_port_serves_one_environment_after_the_other(make, bystander):
    port = f"simulator.port={lease_ports(8)}"
    for _ in range(2):
        env = make(more=(port,))
        env.reset(0)
        env.close()


def test_closing_ends_a_wait_for_the_turn(make):
    envs = [make(more=(f"simulator.start_interval={seconds}",)) for seconds in (0.0, 60.0)]
    envs[0].reset(0)
    thread = threading.Thread(target=lambda: suppress_lost(envs[1]))
    thread.start()
    time.sleep(1.0)
    envs[1].abort()
    thread.join(5.0)
    assert not thread.is_alive()


def suppress_lost(env):
    with suppress(SimulatorLost, SimulatorUnavailable):
        env.reset(0)


def test_a_program_that_is_missing_is_no_reason_to_try_again(make):
    env = make(more=("simulator.path=/nowhere/CarlaUE4.sh",))
    with pytest.raises(SimulatorUnavailable, match=r"CARLA cannot be started|exited"):
        env.reset(0)


@pytest.mark.parametrize("below", [0, 1, 2])
def test_a_port_that_is_taken_is_named(make, bystander, below):
    taken = bystander[1]
    port = taken - below
    with pytest.raises(SimulatorUnavailable, match=rf"simulator\.port={port}: the port {taken} is in use"):
        make(more=(f"simulator.port={port}",)).reset(0)


def test_two_servers_at_once_have_ports_of_their_own(make, tmp_path):
    envs = make(), make()
    for env in envs:
        env.reset(0)
    assert [drive(env, 3) for env in envs] == [3, 3]
    ports = [int(line.partition("-carla-rpc-port=")[2].split()[0]) for line in starts(tmp_path)]
    assert abs(ports[0] - ports[1]) >= 4


@pytest.mark.parametrize("kind", ["dies_in_step", "dies_in_frame", "hangs_in_tick", "drops_connections"])
def test_a_server_that_is_lost_in_a_step_costs_the_episode(make, tmp_path, kind):
    env = make(first_start(kind, tick=20), more=IMPATIENT if kind in ("hangs_in_tick", "drops_connections") else ())
    first = env.reset(7)
    began = time.monotonic()
    with pytest.raises(SimulatorLost):
        drive(env, 40)
    assert time.monotonic() - began < 15.0
    again = env.reset(7)
    assert drive(env, 3) == 3
    assert np.array_equal(first["vector"], again["vector"])
    assert (env.restarts, len(starts(tmp_path))) == (1, 2)


def test_a_server_that_dies_in_a_reset_costs_nothing(make, tmp_path):
    env = make(first_start("dies_in_reset", car=2))
    for seed in (1, 2):
        env.reset(seed)
        drive(env, 3)
    assert (env.restarts, len(starts(tmp_path))) == (1, 2)


def test_frames_that_stop_cost_the_episode_and_are_counted(make):
    env = make(first_start("stops_frames", tick=20), more=IMPATIENT)
    env.reset(0)
    with pytest.raises(SimulatorLost, match="no image of camera front at frame"):
        drive(env, 40)
    env.reset(0)
    assert (env.restarts, env.sensor_losses) == (1, 1)


def test_an_old_frame_is_dropped(make, tmp_path):
    env = make(first_start("sends_old_frame", tick=20))
    env.reset(0)
    frames = [env.step(AHEAD).observation["image"][-2:] for _ in range(30)]
    assert all(np.array_equal(before[1], after[0]) for before, after in pairwise(frames))
    assert (env.restarts, len(starts(tmp_path))) == (0, 1)


def test_a_spawn_that_is_refused_is_tried_elsewhere(make):
    env = make(first_start("refuses_spawn", car=1, times=3))
    env.reset(0)
    assert drive(env, 3) == 3


def test_spawns_that_are_all_refused_cost_the_episode_and_not_the_server(make):
    env = make({"kind": "refuses_spawn", "car": 1, "times": 20, "starts": [1]})
    with pytest.raises(EpisodeFailed, match="no free spawn point in 20 tries"):
        env.reset(0)
    env.reset(1)
    assert drive(env, 3) == 3
    assert env.restarts == 0


def test_a_server_that_grows_is_renewed_between_episodes(make, tmp_path):
    env = make(first_start("grows", tick=20, megabytes=400), more=("simulator.max_memory_gb=0.4",))
    env.reset(0)
    drive(env, 40)
    env.reset(1)
    assert (env.renewals, env.restarts, len(starts(tmp_path))) == (1, 0, 2)


def test_a_server_is_renewed_after_its_episodes(make, tmp_path):
    env = make(more=("simulator.max_episodes=2",))
    for seed in range(5):
        env.reset(seed)
        drive(env, 2)
    assert (env.renewals, env.restarts, len(starts(tmp_path))) == (2, 0, 3)


def test_a_start_script_that_is_killed_takes_the_server_with_it(make, tmp_path, bystander):
    env = make()
    env.reset(0)
    server = (servers() - {bystander[0]}).pop()
    os.kill(server.ppid(), signal.SIGKILL)
    until(lambda: not server.is_running(), "the end of the server")
    with pytest.raises(SimulatorLost, match="process ended"):
        drive(env, 40)


def test_a_server_whose_keeper_is_killed_ends_with_the_environment(make, bystander):
    env = make()
    env.reset(0)
    server = (servers() - {bystander[0]}).pop()
    os.kill(server.parent().ppid(), signal.SIGKILL)
    assert drive(env, 3) == 3
    env.close()
    until(lambda: not server.is_running(), "the end of the server")
