"""``av_td3.make_env``."""

import subprocess
import sys

import numpy as np
import pytest

import av_td3
from av_td3.config.composition import composed
from av_td3.config.errors import ConfigError
from av_td3.env.standalone import StandaloneEnv
from av_td3.runs.config_file import write_config
from av_td3.runs.lock import alone_in

OVERRIDES = ["name=test", "scenario=loop", "scenario.route_length=120", "observation.stack=2"]


@pytest.fixture
def run(tmp_path):
    with alone_in(tmp_path / "run", lambda: None):
        write_config(tmp_path / "run", composed(OVERRIDES), OVERRIDES)
    return tmp_path / "run"


def test_it_is_the_environment_of_a_run_with_the_overrides(run):
    env = av_td3.make_env(run, overrides=("observation.frame_size=64",), render_mode="rgb_array")
    try:
        assert isinstance(env.unwrapped, StandaloneEnv)
        observation, info = env.reset(seed=0)
        assert observation["image"].shape == (2, 64, 64)
        assert 115.0 < info["route_length"] < 125.0
        assert env.render().dtype == np.uint8
        assert env.spec.kwargs["run"] == str(run)
        assert env.spec.to_json()
    finally:
        env.close()


def test_without_a_run_it_is_that_of_conf_on_a_server_if_one_is_named(server_config):
    env = av_td3.make_env(overrides=("scenario=loop",), port=server_config.port)
    assert env.reset(seed=0)[0]["image"].shape == (4, 84, 84)
    env.close()


def test_a_missing_run_is_an_error_of_one_line(tmp_path):
    with pytest.raises(ConfigError, match="nowhere: not the folder of a run"):
        av_td3.make_env(tmp_path / "nowhere")


def test_importing_the_package_imports_neither_torch_nor_carla_nor_gymnasium():
    script = "import sys, av_td3; print(sorted({'torch', 'carla', 'gymnasium', 'cv2'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = av_td3.no_such_name
