import numpy as np
import pytest

from av_td3.report.smoothing import is_running_mean, moving_mean, moving_median, window_of


def test_the_moving_median_looks_back_only():
    assert moving_median(np.array([1.0, 9.0, 2.0, 3.0]), window=3).tolist() == [1.0, 5.0, 2.0, 3.0]


def test_the_moving_mean_looks_back_only():
    assert moving_mean(np.array([0.0, 1.0, 0.0, 0.0]), window=2).tolist() == [0.0, 0.5, 0.5, 0.0]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_values_than_the_window_are_smoothed_as_far_as_they_go(count):
    assert moving_median(np.arange(float(count)), window=3).tolist() == [0.0, 0.5][:count]


def test_a_short_run_is_smoothed_less():
    assert [window_of(np.zeros(count)) for count in (5, 80, 1000)] == [3, 8, 20]


@pytest.mark.parametrize(
    "tag", ["rollout/ep_rew_mean", "reward_avg", "Average Episodic Reward/info", "Cumulative Reward/info", "meanReward"]
)
def test_a_name_says_that_its_values_are_running_means(tag):
    assert is_running_mean(tag)


@pytest.mark.parametrize("tag", ["episode/reward", "charts/episodic_return", "Episode/Reward", "meaning/reward"])
def test_other_names_are_of_single_episodes(tag):
    assert not is_running_mean(tag)
