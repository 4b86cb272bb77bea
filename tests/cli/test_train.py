"""Exit codes of launches, and what they wait for."""

import os
import subprocess
import sys

import pytest

from av_td3.cli.train import gate_exit_code, main
from av_td3.config.errors import ConfigError
from av_td3.diagnostics.gate import Verdict
from av_td3.runs.errors import Interrupted, RunFailed
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def _console(monkeypatch):
    """Keep the console of the tests."""
    monkeypatch.setattr("av_td3.cli.train.survive_without_console", lambda: None)


def raising(error):
    raise error


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (lambda: Verdict.GO, 0),
        (lambda: Verdict.NO_GO, 1),
        (lambda: Verdict.INVESTIGATE, 2),
        (lambda: None, 3),  # preempted
        (lambda: raising(RunFailed("it failed")), 3),
        (lambda: raising(ConfigError("key=1: wrong")), 3),
        (lambda: raising(Interrupted("interrupted")), 130),
    ],
)
def test_codes_beside_verdicts_are_no_verdicts(run, code):
    assert gate_exit_code(run) == code


@pytest.mark.parametrize("words", ["algorithm.btch_size=3", "algorithm=tdd3", "seed=0,1"])
@pytest.mark.parametrize(("gate", "code"), [([], 2), (["gate.exit_code=true"], 3)])
def test_wrong_input_is_no_verdict(capsys, words, gate, code):
    assert main([*gate, words]) == code
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("town: [Loop01\n", "broken.yaml, line 2, column 1: invalid YAML"),
        ("a:\n\tb: 1\n", "broken.yaml, line 2, column 1: invalid YAML"),
        ("defaults: loop\n", "Invalid defaults list in 'scenario/broken'"),
    ],
)
def test_a_file_that_is_no_yaml_is_named_with_the_line(capsys, tmp_path, content, answer):
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "broken.yaml").write_text(content)
    assert main(["--config-dir", str(tmp_path), "scenario=broken"]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), answer in said) == (1, True), said


def test_help_does_not_wait_for_packages_that_only_runs_need():
    listed_last = "import atexit, sys, av_td3.cli.train as cli; atexit.register(lambda: print(*sys.modules))"
    script = f"{listed_last}; sys.exit(cli.main(['--help']))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "av_td3.cli.train" in loaded
    assert not loaded & {"torch", "scipy.stats", "matplotlib", "cv2", "numba", "gymnasium", "tensorboard", "carla"}
