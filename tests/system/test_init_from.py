"""A run that starts with the weights of another one."""

import shutil

import torch

from av_td3 import load_policy
from av_td3.checkpoints.selection import find_checkpoint, read_checkpoint
from av_td3.runs.config_file import config_to_resume, overrides_to_resume
from tests.policies.saved_policy import observations
from tests.system.runs import SMALL, status

BRIEF = (*SMALL, "network=small_cnn", "scenario=suburb_empty", "scenario.max_episode_steps=20", "evaluation.every_steps=40")


def weights(folder, which):
    _, state = read_checkpoint(find_checkpoint(folder, which))
    return {f"{net}.{name}": tensor for net in ("actor", "critic") for name, tensor in state["agent"][net].items()}


def test_a_new_run_starts_with_the_weights_of_another_and_resumes_without_it(launch, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    done = launch(*BRIEF, "total_steps=90", f"hydra.run.dir={first}")
    assert done.returncode == 0, done.stdout + done.stderr

    other = ("seed=1", "scenario.town=Loop01", "reward.target_speed=20", "total_steps=40")  # too short for an update
    done = launch(*BRIEF, *other, "init_from=first", f"hydra.run.dir={second}")  # in the working directory
    assert done.returncode == 0, done.stdout + done.stderr
    assert config_to_resume(second)["init_from"] == str(first)
    assert f"init_from={first}" in overrides_to_resume(second)
    assert f"weights of {find_checkpoint(first).relative_to(tmp_path)}" in done.stdout
    expected, found = weights(first, "last"), weights(second, "last")
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    batch = observations(3)
    assert load_policy(first).predict(batch)[0].tolist() == load_policy(second, "last").predict(batch)[0].tolist()

    shutil.rmtree(first)
    longer = ("total_steps=90", "resume_with_changes=true")
    done = launch(*BRIEF, *other[:-1], *longer, f"init_from={first}", f"hydra.run.dir={second}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "resuming from step 40" in done.stdout
    assert "weights of" not in done.stdout
    assert status(second)["step"] == 90


def test_weights_that_do_not_fit_are_refused_before_anything_is_written(launch, tmp_path):
    done = launch(*BRIEF, f"init_from={tmp_path}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: init_from={tmp_path}: {tmp_path}: not the folder of a run")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()
