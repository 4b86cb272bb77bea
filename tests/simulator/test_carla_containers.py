"""CARLA in images, with programs that stand in for Apptainer and Docker."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from av_td3.env.remote_env import RemoteEnv
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.image_copy import local_image
from av_td3.simulator.server_record import end_orphans
from tests.carla_stand_in.launch import QUICK, SCRIPT, servers, started_by_us
from tests.conftest import ROOT
from tests.system.runs import until

AHEAD = np.array([0.0, 0.5], np.float32)


@pytest.fixture
def make(compose_config, tmp_path, bystander):
    made = []

    def build(kind, *overrides):
        keys = (f"simulator={kind}", f"simulator.script={SCRIPT}", "simulator.graphics_adapter=null", *QUICK, *overrides)
        config = compose_config("scenario=loop", *keys, *started_by_us())
        config.simulator.check(config.scenario)
        made.append(RemoteEnv(config, config.simulator.server(tmp_path / "simulator.log"), tmp_path / "worker.log"))
        return made[-1]

    before = servers()
    yield build
    for env in made:
        env.close()
    until(lambda: servers() == before, "the end of its servers", seconds=5.0)
    assert bystander[0].is_running()


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """A daemon that runs containers."""
    state = tmp_path / "containers"
    state.mkdir()
    monkeypatch.setenv("STAND_IN_DOCKER", str(state))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(ROOT / "tests/carla_stand_in/dockerd.py"), str(state)]
    daemon = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    yield state
    daemon.kill()
    daemon.wait()


def take_steps(env):
    for _ in range(100):
        if env.step(AHEAD).terminated:
            env.reset(0)


def test_apptainer(make, tmp_path):
    image = tmp_path / "carla.sif"
    image.touch()
    env = make("carla_apptainer", f"simulator.program={ROOT}/tests/carla_stand_in/apptainer", f"simulator.image={image}")
    env.reset(0)
    env.step(AHEAD)


def test_an_image_runs_from_its_copy_on_the_node(make, tmp_path):
    image, node = tmp_path / "carla.sif", tmp_path / "node"
    image.touch()
    node.mkdir()
    program = f"simulator.program={ROOT}/tests/carla_stand_in/apptainer"
    env = make("carla_apptainer", program, f"simulator.image={image}", f"hardware.scratch={node}")
    env.reset(0)
    assert f" {local_image(image, node)} bash " in (tmp_path / "simulator.log").read_text()


def test_what_apptainer_says_is_passed_on(make, tmp_path):
    image = "library://nowhere/carla"
    keys = (f"simulator.program={ROOT}/tests/carla_stand_in/apptainer", f"simulator.image={image}", "simulator.max_restarts=0")
    env = make("carla_apptainer", *keys)
    with pytest.raises(SimulatorUnavailable, match=r"exited with code 255 .*FATAL:   could not open image"):
        env.reset(0)


def test_a_container_ends_with_its_environment(docker, make, bystander):
    env = make("carla_docker", f"simulator.program={ROOT}/tests/carla_stand_in/docker")
    env.reset(0)
    env.step(AHEAD)
    assert len(servers()) == 2
    env.close()
    assert servers() == {bystander[0]}


def test_a_container_that_dies_is_started_again(docker, make, bystander):
    env = make("carla_docker", f"simulator.program={ROOT}/tests/carla_stand_in/docker")
    env.reset(0)
    (servers() - {bystander[0]}).pop().kill()
    with pytest.raises(SimulatorLost):
        take_steps(env)
    env.reset(0)
    assert env.restarts == 1


def test_the_container_of_a_run_that_was_killed_is_removed_by_the_next_start(docker, make, bystander, tmp_path):
    code = """
import sys
from pathlib import Path
from tests.conftest import compose_config
config = compose_config(*sys.argv[2:])
config.simulator.server(Path(sys.argv[1])).start()
print("started", flush=True)
sys.stdin.read()
"""
    keys = ("simulator=carla_docker", f"simulator.script={SCRIPT}", "simulator.graphics_adapter=null", *QUICK)
    keys = (*keys, f"simulator.program={ROOT}/tests/carla_stand_in/docker")
    keys = (*keys, *started_by_us())
    command = [sys.executable, "-c", code, str(tmp_path / "log"), *keys]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert run.stdout.readline() == b"started\n"
    assert len(servers()) == 2
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert len(servers()) == 2  # the daemon knows nothing of the run
    end_orphans()  # or the start of another test's server, at the same moment
    until(lambda: servers() == {bystander[0]}, "the end of the container", seconds=5.0)
