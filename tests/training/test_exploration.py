import numpy as np
import pytest

from av_td3.training.exploration import Exploration


def make(compose_config, *overrides, num_envs=1):
    return Exploration(compose_config(*overrides).algorithm, 2, seed=3, num_envs=num_envs)


def test_noise_is_constant_by_default(compose_config):
    exploration = make(compose_config, "algorithm.exploration_noise=0.3")
    assert {exploration.noise(step) for step in (0, 2500, 10**5, 10**7)} == {0.3}


def test_noise_is_linearly_annealed_once_learning_has_started(compose_config):
    overrides = ("exploration_noise=1.0", "exploration_noise_end=0.1", "exploration_noise_steps=900", "learning_starts=100")
    exploration = make(compose_config, *(f"algorithm.{o}" for o in overrides))
    assert [exploration.noise(step) for step in (0, 100, 200, 550, 1000, 5000)] == pytest.approx(
        [1.0, 1.0, 0.9, 0.55, 0.1, 0.1]
    )
    far = [exploration.noisy(np.zeros(2, np.float32), 10**6) for _ in range(4000)]
    assert np.std(far) == pytest.approx(0.1, rel=0.05)


def test_actions_stay_within_their_bounds(compose_config):
    exploration = make(compose_config, "algorithm.exploration_noise=2.0")
    actions = np.array([exploration.noisy(np.zeros(2, np.float32), 0) for _ in range(100)])
    assert actions.dtype == np.float32
    assert (np.abs(actions).max(), np.abs(actions).min() < 1.0) == (1.0, True)


def test_random_actions_are_held_in_each_environment_for_itself(compose_config):
    exploration = make(compose_config, "algorithm.random_action_steps=3", num_envs=2)
    first = [tuple(exploration.random(0)) for _ in range(6)]
    other = [tuple(exploration.random(1)) for _ in range(2)]
    assert first[0] == first[1] == first[2] != first[3] == first[5]
    assert other[0] == other[1]
    assert other[0] not in first


def test_a_state_continues_where_it_was_saved(compose_config):
    first, second = make(compose_config), make(compose_config)
    for _ in range(4):
        first.random(0)
    second.load_state_dict(first.state_dict())
    for _ in range(12):
        assert np.array_equal(first.random(0), second.random(0))
    assert np.array_equal(first.noisy(np.zeros(2), 5000), second.noisy(np.zeros(2), 5000))
