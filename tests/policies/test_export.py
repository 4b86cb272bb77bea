import logging
import subprocess
import sys
import warnings

import numpy as np
import onnxruntime
import pytest
import torch

from av_td3 import load_policy
from av_td3.config.errors import ConfigError
from av_td3.policies import export
from av_td3.policies.export import FORMATS, export_policy
from tests.policies.saved_policy import observations, write_policy
from tests.training.fakes import RecordingAgent


def run_torchscript(path, batch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated
        module = torch.jit.load(path)
    return module(torch.from_numpy(batch["image"]), torch.from_numpy(batch["vector"])).numpy()


def run_onnx(path, batch):
    return onnxruntime.InferenceSession(path).run(["action"], batch)[0]


def run_torchscript_on_vectors(path, batch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated
        module = torch.jit.load(path)
    return module(torch.from_numpy(batch["vector"])).numpy()


@pytest.mark.parametrize(("form", "run"), [("onnx", run_onnx), ("torchscript", run_torchscript_on_vectors)])
def test_a_policy_without_a_camera_takes_the_vector_alone(form, run, tmp_path):
    write_policy(tmp_path / "run", "observation=vector")
    policy = load_policy(tmp_path / "run")
    file, card = export_policy(policy, form, tmp_path / "new")
    batch = {"vector": observations(5)["vector"]}
    np.testing.assert_allclose(run(str(file), batch), policy.predict(batch)[0], atol=1e-5, rtol=0.0)
    assert "`vector`" in card.read_text()
    assert "`image`" not in card.read_text()
    with pytest.raises(ValueError, match="must be a dict with the keys vector, not image, vector"):
        policy.predict(observations(5))


RUN = {"onnx": run_onnx, "torchscript": run_torchscript}


@pytest.fixture(scope="module", params=["separate", "critic_owned", "entangled"])
def policy(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy") / "run"
    write_policy(folder, f"network.gradient_routing={request.param}")
    return load_policy(folder)


@pytest.mark.parametrize("form", FORMATS)
def test_the_file_gives_the_actions_of_the_policy_for_any_number_of_observations(policy, form, tmp_path, capfd):
    levels = logging.getLogger("torch.onnx").level
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file, card = export_policy(policy, form, tmp_path / "new")
    said = capfd.readouterr()
    assert (said.out, said.err, logging.getLogger("torch.onnx").level) == ("", "", levels)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted([file.name, card.name])
    for n in (1, 5):
        batch = observations(n, seed=n)
        np.testing.assert_allclose(RUN[form](str(file), batch), policy.predict(batch)[0], atol=1e-5, rtol=0.0)


def test_export_leaves_the_policy_as_it_was(policy, tmp_path):
    batch = observations(2)
    before = policy.predict(batch)[0]
    export_policy(policy, "torchscript", tmp_path)
    np.testing.assert_array_equal(policy.predict(batch)[0], before)


def test_the_file_needs_nothing_of_this_package(policy, tmp_path):
    file, _ = export_policy(policy, "torchscript", tmp_path)
    script = "import sys, torch; torch.jit.load(sys.argv[1]); print([name for name in sys.modules if 'av_td3' in name])"
    done = subprocess.run([sys.executable, "-c", script, file], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "[]\n"


def test_a_missing_package_is_named_with_what_installs_it(policy, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: None if name == "onnxscript" else name)
    with pytest.raises(ConfigError, match=r"^format=onnx: requires onnxscript: pip install 'av-td3\[export\]'$"):
        export_policy(policy, "onnx", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_agent_without_a_module_is_named(policy, tmp_path, monkeypatch):
    monkeypatch.setattr(policy, "agent", RecordingAgent())
    with pytest.raises(ConfigError, match=r"td3_config\.TD3Config has no policy_module, which export needs"):
        export_policy(policy, "torchscript", tmp_path)
