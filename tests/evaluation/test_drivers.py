import numpy as np

from av_td3.evaluation.driver import Autopilot, RandomDriver
from av_td3.evaluation.policy_driver import PolicyDriver
from av_td3.policies.load import load_policy
from tests.evaluation.cars import info
from tests.policies.saved_policy import observations, one, write_policy


def sequence(driver, seed, number=50):
    driver.begin(info(), seed)
    return np.array([driver.act({}, info()) for _ in range(number)])


def test_random_actions_follow_from_the_seed_of_the_episode():
    driver = RandomDriver(3)
    first = sequence(driver, 1)
    assert (first.shape, first.dtype) == ((50, 3), np.float32)
    assert -1.0 <= first.min() < -0.8 < 0.8 < first.max() <= 1.0
    assert not np.array_equal(sequence(driver, 2), first)
    np.testing.assert_array_equal(sequence(driver, 1), first)
    np.testing.assert_array_equal(sequence(RandomDriver(3), 1), first)


def test_only_the_autopilot_lets_the_client_drive():
    assert Autopilot().autopilot
    assert not RandomDriver().autopilot
    np.testing.assert_array_equal(Autopilot().act({}, info()), [0.0, 0.0])


def test_a_policy_acts_deterministically(tmp_path):
    agent = write_policy(tmp_path / "run")[10]
    driver, seen = PolicyDriver(load_policy(tmp_path / "run")), one(observations(1))
    driver.begin(info(), 0)
    first = driver.act(seen, info())
    np.testing.assert_array_equal(driver.act(seen, info()), first)
    np.testing.assert_array_equal(agent.act(seen), first)
