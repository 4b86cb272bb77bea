"""Printed commands of launch.py with a single run."""

import json
import shlex

import pytest
import torch
from omegaconf import OmegaConf

from tests.docs.conftest import in_shell
from tests.docs.kinds import of_kind
from tests.docs.launched import assert_configured, assert_done, run_in
from tests.docs.printed import ACTIVATE


@pytest.mark.parametrize(**of_kind("run"))
def test_a_run_ends_with_a_report_in_a_folder_of_its_own(script, type_in, checkout):
    done = type_in(script)
    run = run_in(checkout / "outputs")
    assert_done(run)
    assert_configured(run, script.words[2:])
    printed = dict(line.split(None, 1) for line in done.stdout.splitlines()[-3:] if not line.startswith("run folder"))
    assert f"run folder   {run}" in done.stdout
    assert printed["report"] == str(run / "report.html")
    assert printed["curves"] == f"tensorboard --logdir {run / 'tensorboard'}"


@pytest.mark.parametrize(**of_kind("on a GPU"))
def test_what_needs_a_gpu_runs_on_one_and_is_refused_in_one_line_elsewhere(script, type_in, checkout):
    if torch.cuda.is_available():
        type_in(script)
        assert_done(run_in(checkout / "outputs"))
    else:
        done = type_in(script, codes=(2,))
        assert done.stderr.startswith("error: replay.storage=device: ")
        assert done.stderr.count("\n") == 1


def test_the_command_for_the_curves_that_a_run_prints_finds_them(made, checkout):
    made.put("RUN", checkout)
    done = in_shell("tensorboard --logdir RUN/tensorboard --inspect", checkout)
    assert done.returncode == 0, done.stderr
    assert "scalars" in done.stdout


@pytest.mark.parametrize(**of_kind("resumed"))
def test_a_run_that_was_stopped_resumes_and_finishes(script, type_in, checkout):
    done = type_in(script)
    run = run_in(checkout / "outputs")
    assert_done(run)
    status = json.loads((run / "status.json").read_text())
    assert status["step"] == OmegaConf.load(run / "config.yaml").total_steps
    assert status["restarts"] == 1
    assert str(run / "report.html") in done.stdout


@pytest.mark.parametrize(**of_kind("shown"))
def test_help_and_the_composed_config_are_shown_and_nothing_is_run(script, type_in, checkout):
    shown = type_in(script).stdout
    if "--help" in script.words:
        assert "python launch.py experiment=micro_500 seed=1" in shown
        assert "learn_in_traffic, learn_to_drive, micro_500, production_1m, validation_50k, validation_5k" in shown
    else:
        assert OmegaConf.create(shown).total_steps == 20_000
    assert not [path for path in (checkout / "outputs").rglob("*") if path.name != ".gitkeep"]


def test_a_command_that_is_wrong_is_noticed(checkout):
    assert shlex.split(ACTIVATE) == ["source", ".venv/bin/activate"]
    done = in_shell("python launch.py algorithm.actor_lrr=1", checkout)
    assert (done.returncode, done.stderr) == (2, "error: algorithm.actor_lrr: no such key; did you mean algorithm.actor_lr?\n")
