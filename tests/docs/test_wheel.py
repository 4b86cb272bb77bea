"""The installed wheel, used from an empty folder, with and without the packages for training."""

import json
import subprocess

import pytest

from tests.conftest import ROOT
from tests.docs.briefly import BRIEF
from tests.docs.kinds import of_kind
from tests.report.folders import write_run
from tests.wheels import av_td3, new_environment, training_environment

CONSTRAINTS = ROOT / "constraints.txt"
BRIEFLY = [f"{key}={value}" for key, value in BRIEF.items()]


@pytest.fixture(scope="module")
def reader(wheel, tmp_path_factory):
    """As after ``pip install av-td3``."""
    return new_environment(tmp_path_factory.mktemp("reader") / "env", "--constraint", CONSTRAINTS, wheel)


@pytest.fixture(scope="module")
def trainer(wheel, tmp_path_factory):
    """As after ``pip install 'av-td3[train]'``."""
    return training_environment(tmp_path_factory.mktemp("trainer") / "env", wheel)


def test_logs_are_read_without_torch_and_carla(reader, tmp_path):
    code = "import importlib.util as u; print([m for m in ('torch', 'carla', 'gymnasium', 'av_td3.py') if u.find_spec(m)])"
    found = subprocess.run([reader / "bin" / "python", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert found.stdout.strip() == "[]", found.stderr
    for job in "01":
        write_run(tmp_path / "sweep" / job, overrides=(f"seed={job}",))
    run, other, empty = tmp_path / "sweep" / "0", tmp_path / "sweep" / "1", tmp_path / "empty"
    empty.mkdir()
    assert "GO" in av_td3(reader, empty, "diagnose", run)
    assert json.loads(av_td3(reader, empty, "gate", run, "--json"))["verdict"] == "GO"
    assert "report.html" in av_td3(reader, empty, "report", run, "--output", ".")
    assert "comparison.html" in av_td3(reader, empty, "compare", run, other, "--output", ".")
    assert "sweep.html" in av_td3(reader, empty, "sweep", tmp_path / "sweep", "--output", ".")
    assert {path.name for path in empty.iterdir()} >= {"report.html", "comparison.html", "sweep.html"}


@pytest.mark.parametrize("words", [("train", "seed=1"), ("simulator", "--port", "0")])
def test_the_tools_alone_name_what_training_needs(reader, tmp_path, words):
    code = 2 if words[0] == "train" else 3
    said = av_td3(reader, tmp_path, *words, code=code)
    assert said.count("\n") == 1
    assert "pip install 'av-td3[train]'" in said


@pytest.mark.parametrize(**of_kind("installed"))
def test_an_installed_package_trains_in_an_empty_folder(script, trainer, tmp_path):
    said = av_td3(trainer, tmp_path, *script.words[1:], "network=small_cnn", *BRIEFLY)
    (run,) = tmp_path.glob("outputs/*/*")
    assert json.loads((run / "status.json").read_text())["state"] == "done", said
    assert json.loads((run / "environment.json").read_text())["av-td3"]
    assert "this run has finished" in av_td3(trainer, tmp_path, "train", f"resume={run}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outputs"]


def test_the_questions_of_sweeps_travel_in_the_wheel(trainer, tmp_path):
    (conf,) = trainer.glob("lib/python*/site-packages/av_td3/conf")
    assert {path.name for path in (conf / "sweep").iterdir()} == {path.name for path in (ROOT / "sweeps").iterdir()}
    assert "_target_" in av_td3(trainer, tmp_path, "train", "+sweep=explosion_causes", "--cfg", "job")
    assert "clip_norms" in av_td3(trainer, tmp_path, "train", "+sweep=nothing", code=2)
    assert list(tmp_path.iterdir()) == []


def test_the_launcher_of_slurm_travels_in_the_wheel(trainer, tmp_path):
    said = av_td3(trainer, tmp_path, "train", "-m", "hydra/launcher=slurm", "hydra.launcher.detach=maybe", code=2)
    assert "hydra.launcher.detach=maybe: Value 'maybe' is not a valid bool" in said


def test_types_travel_in_the_wheel(trainer):
    assert list(trainer.glob("lib/python*/site-packages/av_td3/py.typed"))
