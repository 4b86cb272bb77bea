"""All callbacks together, in the order of the configuration, on real records and a scripted environment."""

import os
import signal

import pytest

from av_td3.checkpoints.manifest import read_manifest
from av_td3.config.errors import ConfigError
from av_td3.runs.episodes import read_episodes
from tests.training.fakes import CUT, END, EVALUATION_REWARD
from tests.training.scripted_run import ScriptedRun

FEW = (
    "replay.fill_with=null",
    "algorithm.batch_size=4",
    "evaluation.episodes=1",
    "evaluation.every_steps=1000",
    "checkpoint.every_steps=1000",
)


def episodes_of(folder):
    return [(row.episode, row.step, row.ending) for row in read_episodes(folder)]


def scores(folder):
    """Step and score of each checkpoint."""
    manifests = [read_manifest(place) for place in sorted((folder / "checkpoints").iterdir())]
    return [(manifest.step, manifest.score) for manifest in manifests]


def test_a_checkpoint_at_the_end_of_an_episode_holds_the_evaluation_that_was_due_there(compose_config, tmp_path):
    config = compose_config(*FEW, "total_steps=10", "evaluation.every_steps=5", "checkpoint.every_steps=3")
    done = ScriptedRun(config, tmp_path, [[1, 2, 3, END], [1, 2, 3, CUT], [1, 2, 3, 4, END]]).train()
    assert scores(tmp_path) == [(3, None), (6, EVALUATION_REWARD), (10, EVALUATION_REWARD)]
    episode = ["reset", "step", "step", "step"]
    assert done.env.diary == [*episode, *episode, "evaluate", "step", *episode, "step", "evaluate", "step", "close"]
    assert episodes_of(tmp_path) == [(0, 3, "goal"), (1, 6, "time_limit"), (2, 10, "goal")]


def test_a_preempted_run_saves_first_and_leaves_the_evaluation_to_the_next_process(compose_config, tmp_path):
    overrides = (*FEW, "total_steps=6", "evaluation.every_steps=3")
    first = ScriptedRun(compose_config(*overrides), tmp_path, [[1, 2, 3, END]])
    os.kill(os.getpid(), signal.SIGUSR2)
    first.train()
    assert first.trainer.preempted
    assert first.env.diary == ["reset", "step", "step", "step", "close"]
    assert scores(tmp_path) == [(3, None)]
    second = ScriptedRun(compose_config(*overrides), tmp_path, [[4, 5, 6, END]]).train()
    assert second.env.diary[:3] == ["evaluate", "step", "reset"]
    assert episodes_of(tmp_path) == [(0, 3, "goal"), (1, 6, "goal")]
    assert second.replay.transitions == 6


def test_a_callback_of_ones_own_is_one_line_of_the_configuration(compose_config, tmp_path):
    line = "+callbacks.mine={_target_:tests.training.own_callback.CountSteps,steps:2}"
    done = ScriptedRun(compose_config(*FEW, "total_steps=5", line), tmp_path, [range(5)]).train()
    assert [line for line in done.notes.lines if line.startswith("counted")] == ["counted 2", "counted 4"]


def test_a_key_of_it_is_checked_like_ours(compose_config):
    with pytest.raises(ConfigError, match=r"callbacks\.mine\.steps=0: must be"):
        compose_config("+callbacks.mine={_target_:tests.training.own_callback.CountSteps,steps:0}")
