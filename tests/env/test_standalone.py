"""The Gymnasium environment as users' scripts have it, each in a process of its own."""

import os
import re
import subprocess
import sys
import traceback
import uuid

import carla
import gymnasium
import numpy as np
import psutil
import pytest
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.utils.env_checker import check_env

from av_td3.config.errors import ConfigError
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from tests.simulator.builtin.raw_client import RawClient
from tests.system.runs import descendants_with

ID = "av_td3.env:av_td3/Carla-v0"
AHEAD = np.array([0.0, 0.5], np.float32)
SCRIPT = f"""
import sys
import gymnasium
import numpy as np
env = gymnasium.make("{ID}", {{arguments}})
env.reset(seed=0)
env.step(np.array([0.0, 0.5]))
{{ending}}
"""
KILL = "import psutil; [p.kill() for p in psutil.Process().children() if 'av_td3.simulator.builtin' in p.cmdline()]"
TRAFFIC = 'overrides=("scenario.npc_vehicles=5",)'


def script(ending, arguments=TRAFFIC):
    """Run a script; returns its result, and the processes that it has left."""
    text, mark = SCRIPT.format(ending=ending, arguments=arguments), uuid.uuid4().hex
    command, marked = [sys.executable, "-c", text], os.environ | {"MARK": mark}
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=marked)
    return done, [p for p in psutil.process_iter(["environ"]) if (p.info["environ"] or {}).get("MARK") == mark]


def simulators():
    return descendants_with("av_td3.simulator.builtin")


@pytest.mark.parametrize(
    ("ending", "code", "last"),
    [
        ("", 0, None),
        ("env.close(); env.close()", 0, None),
        ("raise KeyError('of my own')", 1, "KeyError: 'of my own'"),
        ("sys.exit(3)", 3, None),
        (KILL, 0, None),
        ("env = None; import gc; gc.collect()", 0, None),
        ("other = gymnasium.make(env.spec.id); other.reset()", 0, None),
    ],
)
def test_a_script_ends_as_it_would_without_the_environment(ending, code, last):
    done, left = script(ending)
    assert done.returncode == code, done.stderr
    assert "still alive in the simulation" not in done.stderr
    assert last is None or re.search(f"(?m)^{last}$", done.stderr)
    assert not left


def test_a_server_that_died_is_reported(make):
    """Without traffic: the client's Traffic Manager aborts the process by itself when its server is gone."""
    older = simulators()
    env = make("simulator.timeout=1.0").unwrapped
    env.reset(seed=0)
    (server,) = (process for process in simulators() if process not in older)
    server.kill()
    for call in (lambda: env.step(AHEAD), env.reset):
        with pytest.raises(SimulatorLost, match="time-out of 1000ms while waiting for the simulator"):
            call()
    with pytest.raises(ResetNeeded):
        env.step(AHEAD)


@pytest.fixture
def server(compose_config, tmp_path):
    server = compose_config().simulator.server(tmp_path / "simulator.log")
    yield server.start().port
    server.stop()


@pytest.mark.parametrize("ending", ["", "raise KeyError('of my own')"])
def test_a_script_that_closes_nothing_leaves_the_world_clean(server, ending):
    script(ending, f"port={server}, {TRAFFIC}")
    client = carla.Client("127.0.0.1", server)
    client.set_timeout(10.0)
    world = client.get_world()
    settings = world.get_settings()
    assert (settings.synchronous_mode, settings.fixed_delta_seconds) == (False, None)
    world.wait_for_tick()
    assert not [actor.type_id for actor in world.get_actors() if actor.type_id.startswith(("vehicle.", "sensor."))]


@pytest.fixture
def make():
    made = []

    def build(*overrides, **arguments):
        made.append(gymnasium.make(ID, overrides=("scenario=loop", *overrides), **arguments))
        return made[-1]

    yield build
    for env in made:
        env.close()


def test_gymnasium_finds_nothing_to_object_to(make):
    check_env(make().unwrapped, skip_render_check=True)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (np.array([np.nan, 0.5], np.float32), "must be finite"),
        (np.array([0.0, np.inf]), "must be finite"),
        (np.zeros(3, np.float32), r"must be real numbers, steering and pedal, shape \(2,\)"),
        (np.zeros((1, 2), np.float32), r"must be real numbers, steering and pedal, shape \(2,\)"),
        (0.5, r"must be real numbers, steering and pedal, shape \(2,\)"),
        ([[0.0], [0.0, 1.0]], r"must be real numbers, steering and pedal, shape \(2,\)"),
        (["left", "go"], r"must be real numbers, steering and pedal, shape \(2,\)"),
        ([1j, 0.0], r"must be real numbers, steering and pedal, shape \(2,\)"),
        (None, r"must be real numbers, steering and pedal, shape \(2,\)"),
    ],
)
def test_an_invalid_action_does_not_tick_the_world(running, action, words):
    env, frame = running
    before = frame()
    with pytest.raises(ValueError, match=f"action=.*: {words}") as error:
        env.step(action)
    assert "\n" not in str(error.value)
    assert frame() == before
    *_, info = env.step(AHEAD)
    assert np.isfinite(info["speed"])
    assert frame() == before + 1


@pytest.fixture(scope="module")
def running(compose_config, tmp_path_factory):
    """An environment in the middle of an episode, and a function that asks its server for the current frame."""
    server = compose_config().simulator.server(tmp_path_factory.mktemp("server") / "simulator.log")
    port = server.start().port
    env = gymnasium.make(ID, port=port, overrides=("scenario=loop",), disable_env_checker=True)
    env.reset(seed=0)
    with RawClient(port) as client:
        settings = client.result("get_episode_settings")
        yield env, lambda: client.result("set_episode_settings", settings)  # returns the frame
    env.close()
    server.stop()


@pytest.mark.parametrize("action", [[0.1, 0.5], (0.1, 0.5), np.array([0.1, 0.5]), [3, -1], np.array([-7.0, 900.0])])
def test_other_kinds_of_numbers_are_accepted_and_clipped(running, action):
    env, _ = running
    env.reset(seed=0)
    step = env.step(action)
    env.reset(seed=0)
    clipped = env.step(np.clip(np.array(action, np.float32), -1.0, 1.0))
    assert np.allclose(step[0]["vector"], clipped[0]["vector"], atol=1e-6)
    assert step[1] == pytest.approx(clipped[1], abs=1e-6)


def test_calls_out_of_order_raise_gymnasiums_errors(make):
    env = make("scenario.max_episode_steps=1").unwrapped
    with pytest.raises(ResetNeeded):
        env.step(AHEAD)
    env.reset(seed=0)
    assert env.step(AHEAD)[3]
    with pytest.raises(ResetNeeded):
        env.step(AHEAD)
    env.reset()
    env.step(AHEAD)
    env.close()
    env.close()
    for call in (env.reset, lambda: env.step(AHEAD)):
        with pytest.raises(ClosedEnvironmentError):
            call()


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_several_environments_have_a_simulator_each(mode):
    older = simulators()
    envs = gymnasium.make_vec(ID, num_envs=2, vectorization_mode=mode, overrides=("scenario=loop",))
    try:
        observation, _ = envs.reset(seed=[1, 2])
        assert observation["image"].shape == (2, 4, 84, 84)
        assert not np.array_equal(observation["vector"][0], observation["vector"][1])
        for _ in range(3):
            _, reward, *_ = envs.step(np.stack([AHEAD, AHEAD]))
        assert np.isfinite(reward).all()
        assert len(simulators()) == len(older) + 2
    finally:
        envs.close()
    assert simulators() == older


def test_a_server_is_used_by_one_environment_at_a_time(make, server):
    first = make(port=server)
    with pytest.raises(SimulatorUnavailable, match=rf"the server at localhost:{server} is used by another environment"):
        make(port=server, host="localhost")
    other, _ = script("", f"port={server}")
    assert other.returncode == 1
    assert other.stderr.strip().splitlines()[-1].endswith("close that one first, or use another port")
    first.close()
    make(port=server).reset(seed=0)


@pytest.mark.parametrize(
    ("arguments", "overrides", "words"),
    [
        ({"port": 2000}, ("simulator=builtin",), "simulator=builtin: contradicts port=2000"),
        ({"port": 2000}, ("simulator.port=2001",), r"simulator\.port=2001: contradicts port=2000"),
        ({"host": "there"}, ("++simulator.host=here",), r"simulator\.host=here: contradicts host=there"),
        ({}, ("scenario=lop",), "scenario/lop"),
        ({}, ("scenario.npc_vehicle=3",), "scenario.npc_vehicle: no such key; did you mean scenario.npc_vehicles"),
        ({}, ("scenario.npc_vehicles=many",), "npc_vehicles"),
        ({}, ("scenario.npc_vehicles=-1",), "scenario.npc_vehicles=-1: must be at least 0"),
        ({}, ("scenario==",), "scenario"),
    ],
)
def test_invalid_input_is_an_error_of_one_line(arguments, overrides, words):
    with pytest.raises(ConfigError, match=words) as error:
        gymnasium.make(ID, overrides=overrides, **arguments)
    assert len(str(error.value).splitlines()) == 1
    assert "".join(traceback.format_exception(error.value)).count("Traceback") == 1


def test_the_overrides_choose_the_simulator_as_on_the_command_line(make, server):
    assert make("simulator=builtin").reset(seed=0)[1]["route_length"] > 100.0
    env = make("simulator=carla", f"simulator.port={server}")
    env.reset(seed=0)
    env.close()
    assert carla.Client("127.0.0.1", server).get_world()  # it keeps running


def test_it_can_be_made_inside_a_program_of_hydra(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("defaults: [schema, _self_]\nmine: 3\n")
    (tmp_path / "program.py").write_text(f"""
from dataclasses import dataclass
import gymnasium, hydra
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

@dataclass
class Mine:
    mine: int = 0

ConfigStore.instance().store(name="schema", node=Mine)

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    theirs = GlobalHydra.instance().hydra
    env = gymnasium.make("{ID}", overrides=("scenario=loop",))
    env.reset(seed=0)
    assert GlobalHydra.instance().hydra is theirs is not None
    assert HydraConfig.get().job.name == "program"
    print("drove", config.mine)

main()
""")
    command = [sys.executable, "program.py", "-m", "mine=4,5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if "drove" in line] == ["drove 4", "drove 5"]
