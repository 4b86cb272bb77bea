import os
import signal

import numpy as np
import pytest
import torch

from av_td3.cluster.handover import HandedBack
from av_td3.runs.episodes import read_episodes
from av_td3.runs.scalars import read_log
from av_td3.simulator.errors import SimulatorLost
from av_td3.training.manifest import read_manifest
from av_td3.training.reward_scale import RunningRewardScale
from tests.training.fakes import CUT, END, EVALUATION_REWARD, ScriptedRun

FEW = ("algorithm.batch_size=4", "evaluation.episodes=1", "evaluation.every_steps=1000", "checkpoint.every_steps=1000")


@pytest.fixture
def run(compose_config, tmp_path):
    """Drive these episodes with these overrides."""

    def start(episodes, *overrides):
        return ScriptedRun(compose_config(*FEW, *overrides), tmp_path, episodes).run()

    return start


def episodes_of(folder):
    return [(row.episode, row.step, row.ending) for row in read_episodes(folder)]


def scores(folder):
    """Step and score of each checkpoint."""
    manifests = [read_manifest(place) for place in sorted((folder / "checkpoints").iterdir())]
    return [(manifest.step, manifest.score) for manifest in manifests]


def test_the_value_goes_on_behind_a_truncation_and_not_behind_a_termination(run):
    done = run([[1, 2, 3, CUT], [4, 5, 6, END], [7]], "total_steps=7", "algorithm.learning_starts=7", "algorithm.discount=0.9")
    batch = done.replay.sample(500, np.random.default_rng(0))
    discounts = {int(reward): round(float(discount), 4) for reward, discount in zip(batch.reward, batch.discount, strict=True)}
    assert discounts == {1: 0.9, 2: 0.9, 3: 0.9, 4: 0.9, 5: 0.9, 6: 0.0, 7: 0.9}


REWARDS = [3.0, -40.0, 25.0, 8.0, 90.0, -7.0]


def test_rewards_are_scaled_when_they_are_learned_from(run):
    scale = RunningRewardScale(0.99, lanes=1)
    for reward in REWARDS:
        scale.observe(reward, False, 0)
    switches = ("total_steps=6", "algorithm.learning_starts=4", "algorithm.batch_size=64")
    done = run([REWARDS], *switches, "algorithm.reward_normalization=true")
    learned = set(done.agent.batches[-1].reward.tolist())
    assert learned == set(scale(torch.tensor(REWARDS)).tolist())
    assert max(map(abs, learned)) < 10.0  # unlike the rewards themselves


def test_rewards_are_learned_from_as_they_are_by_default(run):
    done = run([REWARDS], "total_steps=6", "algorithm.learning_starts=4", "algorithm.batch_size=64")
    assert set(done.agent.batches[-1].reward.tolist()) == set(REWARDS)


@pytest.mark.parametrize(
    ("learning_starts", "train_freq", "gradient_steps", "steps"),
    [(4, 1, 1, [5, 6, 7, 8, 9, 10]), (4, 2, 3, [6, 6, 6, 8, 8, 8, 10, 10, 10]), (5, 4, 1, [8]), (10, 1, 1, [])],
)
def test_updates_become_due(run, learning_starts, train_freq, gradient_steps, steps):
    done = run(
        [[1, 2, 3, END], [4, 5, 6, 7, 8, 9, 10]],
        "total_steps=10",
        f"algorithm.learning_starts={learning_starts}",
        f"algorithm.train_freq={train_freq}",
        f"algorithm.gradient_steps={gradient_steps}",
    )
    assert done.agent.updated_at == steps


def test_the_policy_acts_from_when_learning_starts(run):
    done = run([range(10)], "total_steps=8", "algorithm.learning_starts=5")
    assert done.agent.acted_at == [5, 6, 7, 8]  # the last one in the evaluation


def test_a_checkpoint_at_the_end_of_an_episode_knows_the_evaluation_that_was_due_there(run, tmp_path):
    episodes = [[1, 2, 3, END], [1, 2, 3, CUT], [1, 2, 3, 4, END]]
    done = run(episodes, "total_steps=10", "evaluation.every_steps=5", "checkpoint.every_steps=3")
    assert scores(tmp_path) == [(3, None), (6, EVALUATION_REWARD), (10, EVALUATION_REWARD)]
    episode = ["reset", "step", "step", "step"]
    assert done.env.diary == [*episode, *episode, "evaluate", "step", *episode, "step", "evaluate", "step", "close"]


def test_the_last_step_may_lie_within_an_episode(run, tmp_path):
    done = run([[1, 2, END], [3, 4, 5, 6]], "total_steps=5", "algorithm.learning_starts=4")
    assert done.training.step == done.replay.transitions == 5
    assert done.agent.updated_at == [5]
    assert episodes_of(tmp_path) == [(0, 2, "goal")]
    assert scores(tmp_path) == [(5, EVALUATION_REWARD)]
    assert done.env.diary.count("reset") == 2
    assert done.env.diary.count("step") == 5 + 1  # and the evaluation's


def test_after_a_last_step_that_ends_an_episode_no_other_begins(run, tmp_path):
    done = run([[1, 2, END], [3, 4, 5, CUT]], "total_steps=5", "evaluation.every_steps=5", "checkpoint.every_steps=5")
    assert episodes_of(tmp_path) == [(0, 2, "goal"), (1, 5, "time_limit")]
    assert done.env.diary.count("reset") == 2
    assert done.env.diary.count("evaluate") == 1
    assert scores(tmp_path) == [(5, EVALUATION_REWARD)]


def test_a_lost_episode_costs_its_last_step_only(run, tmp_path):
    lost = SimulatorLost("the connection was dropped")
    done = run([[1, 2, lost], [lost], [3, 4, END], [5]], "total_steps=5", "checkpoint.every_steps=2")
    assert episodes_of(tmp_path) == [(0, 2, "lost"), (1, 2, "lost"), (2, 4, "goal")]
    assert sorted(set(done.replay.sample(300, np.random.default_rng(0)).reward.tolist())) == [1, 2, 3, 4, 5]
    assert scores(tmp_path)[0] == (4, None)  # not where an episode was lost
    assert [line for line in done.notes.lines if "lost" in line] == [
        f"episode {number} lost at step 2: the connection was dropped; restarting the simulator" for number in (0, 1)
    ]


def test_a_run_that_must_go_saves_first_and_leaves_the_evaluation_to_the_next_process(compose_config, tmp_path):
    config = compose_config(*FEW, "total_steps=6", "evaluation.every_steps=3")
    first = ScriptedRun(config, tmp_path, [[1, 2, 3, END]])
    os.kill(os.getpid(), signal.SIGUSR2)
    with pytest.raises(HandedBack):
        first.run()
    assert first.env.diary == ["reset", "step", "step", "step", "close"]
    assert scores(tmp_path) == [(3, None)]
    second = ScriptedRun(config, tmp_path, [[4, 5, 6, END]]).run()
    assert second.env.diary[:3] == ["evaluate", "step", "reset"]
    assert episodes_of(tmp_path) == [(0, 3, "goal"), (1, 6, "goal")]
    assert second.replay.transitions == 6


def test_the_share_of_the_cores_is_taken_where_an_episode_ends_and_every_change_is_recorded(compose_config, tmp_path):
    before = torch.get_num_threads()
    done = ScriptedRun(compose_config(*FEW, "total_steps=9"), tmp_path, [[1, 2, END], [3, 4, END], [5, 6, END], [7, 8, 9]])
    shares = iter([1, 1, 3, 3])  # no machine begins with 3
    done.cores.threads = lambda: next(shares)
    try:
        done.run()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert "from step 4 on: hardware.threads 3 instead of 1, as runs share cores" in done.notes.lines
    recorded = read_log(tmp_path / "tensorboard").scalars["perf/threads"]
    assert (recorded.steps.tolist(), recorded.values.tolist()) == ([0, 4], [1.0, 3.0])
