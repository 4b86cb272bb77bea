import subprocess
import sys

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from av_td3 import load_policy
from av_td3.config.errors import ConfigError
from tests.checkpoints.saved import flip
from tests.policies.saved_policy import observations, one, write_policy


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy") / "run"
    return folder, write_policy(folder, "seed=3", scores=[(10, 1.0), (20, 5.0), (30, 2.0)])


@pytest.mark.parametrize(("which", "step"), [("best", 20), ("last", 30), ("10", 10), (10, 10)])
def test_the_policy_is_that_of_the_checkpoint(run, which, step):
    folder, agents = run
    policy = load_policy(folder, checkpoint=which)
    seen = one(observations(1))
    action, state = policy.predict(seen)
    np.testing.assert_array_equal(action, agents[step].act(seen))
    assert (policy.step, policy.run, state) == (step, folder, None)


def test_without_a_choice_it_is_the_last_policy_as_one_evaluation_is_a_noisy_judge(run):
    assert load_policy(run[0]).step == 30


def test_the_folder_of_a_checkpoint_is_enough(run):
    folder, _ = run
    assert load_policy(str(folder / "checkpoints" / "000000010")).step == 10


@pytest.mark.parametrize("routing", ["separate", "critic_owned", "entangled"])
def test_every_routing_is_loaded(tmp_path, routing):
    agents = write_policy(tmp_path, f"network.gradient_routing={routing}")
    seen = one(observations(1))
    np.testing.assert_array_equal(load_policy(tmp_path).predict(seen)[0], agents[10].act(seen))


def test_loading_changes_no_random_numbers_of_the_program(run):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    load_policy(run[0])
    assert torch.rand(1) == expected


def test_loading_needs_neither_trainer_nor_environment_nor_client(run):
    script = "import sys, av_td3; av_td3.load_policy(sys.argv[1]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, run[0]], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "av_td3.policies.load" in loaded
    assert not loaded & {"carla", "av_td3.training.trainer", "av_td3.env.carla_env", "av_td3.replay.frames"}


def test_the_package_alone_does_not_import_torch():
    script = "import sys, av_td3; assert av_td3.__version__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"torch", "hydra", "numpy"} & set(done.stdout.split())


def rewrite(folder, key, value):
    config = OmegaConf.load(folder / "config.yaml")
    OmegaConf.update(config, key, value, force_add=True)
    OmegaConf.save(config, folder / "config.yaml")


def test_a_config_that_names_other_code_is_refused_and_nothing_of_it_imported(tmp_path, monkeypatch):
    write_policy(tmp_path / "run")
    (tmp_path / "theirs.py").write_text("from av_td3.env.vector import Speed\nclass Mine(Speed): ...\nprint('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    rewrite(tmp_path / "run", "observation.vector.speed._target_", "theirs.Mine")
    with pytest.raises(ConfigError, match=r"outside av_td3 \(theirs\.Mine\).* name the packages: theirs$"):
        load_policy(tmp_path / "run")
    assert "theirs" not in sys.modules
    assert type(load_policy(tmp_path / "run", packages=["theirs"]).config.observation.vector["speed"]).__name__ == "Mine"


def test_a_run_of_a_version_with_fewer_keys_is_loaded(tmp_path):
    write_policy(tmp_path)
    config = OmegaConf.load(tmp_path / "config.yaml")
    del config["init_from"]
    OmegaConf.save(config, tmp_path / "config.yaml")
    assert load_policy(tmp_path).config.init_from is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda run: (run / "config.yaml").unlink(), "config.yaml cannot be read"),
        (lambda run: (run / "config.yaml").write_text("a: 1\n"), "is not the config of a run: it has no seed, algorithm"),
        (lambda run: rewrite(run, "network.feature_dim", 7), "does not fit the config of its run"),
        (lambda run: rewrite(run, "network.trunk", "deep"), "config.yaml: network.trunk=deep: must be one of"),
        (lambda run: flip(run / "checkpoints" / "000000010" / "state.pt"), "state.pt is damaged"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_line(tmp_path, spoil, words):
    write_policy(tmp_path)
    spoil(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_policy(tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_there_is_refused(run):
    with pytest.raises(ConfigError, match=r"^device=cuda:99: cannot be used here .*; device=auto"):
        load_policy(run[0], device="cuda:99")
