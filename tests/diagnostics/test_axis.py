"""What the steps of a log count, the algorithm, and the program."""

import numpy as np
import pytest

from av_td3.diagnostics.algorithm import Algorithm
from av_td3.diagnostics.axis import Axis
from av_td3.diagnostics.program import SETTINGS, Program
from av_td3.runs.scalars import Series
from tests.diagnostics.logs import foreign, series
from tests.diagnostics.test_log_rules import CLEANRL, DQN, PPO, SAC, TD3, noisy

N = 50
LENGTHS = np.full(N, 120.0)


def by(steps, values=LENGTHS):
    return Series(np.asarray(steps, np.int64), np.asarray(values, np.float64))


@pytest.mark.parametrize(
    ("scalars", "axis"),
    [
        (TD3, Axis.ENVIRONMENT),  # of Stable-Baselines3
        ({"Episode Length": by(120 * np.arange(1, N + 1))}, Axis.ENVIRONMENT),
        ({"Episode Length": by(480 * np.arange(1, N + 1))}, Axis.ENVIRONMENT),  # every fourth episode
        ({"Episode/Length": by(np.arange(501, 501 + N)), "Episode/Reward": by(np.arange(501, 501 + N))}, Axis.EPISODES),
        ({"Episode/Length": by(10 * np.arange(1, N + 1))}, Axis.EPISODES),  # every tenth
        ({"Reward": by(np.arange(N))}, Axis.EPISODES),
        ({"Reward": by(7 * np.arange(N))}, Axis.UNKNOWN),
        ({"n_updates": by(10 * np.arange(N), 10.0 * np.arange(N)), "loss": by(10 * np.arange(N))}, Axis.UPDATES),
        ({"loss": by(1_700_000_000 + np.arange(N))}, Axis.SECONDS),
        ({"rollout/ep_rew_mean": by(40_000_000 * np.arange(1, N + 1))}, Axis.ENVIRONMENT),  # two thousand million steps
        ({"loss": by(40_000_000 * np.arange(1, N + 1))}, Axis.UNKNOWN),
        ({"loss": by(np.arange(N))}, Axis.UNKNOWN),
        ({"Episode Length (s)/info": by(10 * np.arange(N), np.full(N, 5.0)), "Reward": by(10 * np.arange(N))}, Axis.UNKNOWN),
    ],
)
def test_the_unit_of_the_steps_is_told_or_unknown(tmp_path, scalars, axis):
    assert foreign(scalars, tmp_path).axis is axis


def test_a_point_of_the_axis_is_said_in_its_unit(tmp_path):
    assert foreign(TD3, tmp_path).at(59_000) == "step 59,000"
    assert foreign({"Reward": by(np.arange(N))}, tmp_path).at(12) == "episode 12"


@pytest.mark.parametrize(
    ("scalars", "algorithm"),
    [
        (TD3, Algorithm.TD3),
        (CLEANRL, Algorithm.TD3),
        (SAC, Algorithm.SAC),
        (DQN, Algorithm.DQN),
        (PPO, Algorithm.PPO),
        ({"loss/vf": noisy(1.0), "loss/ent": noisy(1.0), "loss/actor": noisy(1.0)}, Algorithm.A2C),
        ({"train_critic/loss": noisy(1.0), "train_actor/loss": noisy(1.0), "train_alpha/value": noisy(1.0)}, Algorithm.SAC),
        ({"DDPG/loss": noisy(1.0)}, Algorithm.TD3),
        ({"Av. Q": noisy(1.0)}, Algorithm.UNKNOWN),
        # an actor-critic with a state value, or SAC without Q: not known
        ({"actor_loss": noisy(1.0), "critic_loss": noisy(1.0), "entropy": noisy(1.0)}, Algorithm.UNKNOWN),
        ({"value_loss": noisy(1.0), "policy_loss": noisy(1.0), "entropy_coef": noisy(1.0)}, Algorithm.A2C),
        ({"Reward": noisy(1.0)}, Algorithm.UNKNOWN),
    ],
)
def test_the_algorithm_follows_from_the_tags(tmp_path, scalars, algorithm):
    assert foreign(scalars, tmp_path).algorithm is algorithm


@pytest.mark.parametrize(
    ("scalars", "program"),
    [(TD3, Program.SB3), (CLEANRL, Program.CLEANRL), ({"Reward": series([1.0])}, Program.OTHER)],
)
def test_the_program_follows_from_the_tags(tmp_path, scalars, program):
    assert foreign(scalars, tmp_path).program is program


def test_every_setting_has_a_name_in_every_program():
    for names in SETTINGS.values():
        assert names.keys() == set(Program)
