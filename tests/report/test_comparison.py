import numpy as np
import pytest

from av_td3.report.assessment import assess
from av_td3.report.comparison import compare, write_comparison
from tests.diagnostics.logs import foreign, growing, healthy, recorded, series
from tests.report.logs_of_others import ppo, rising, td3


@pytest.fixture
def compared(tmp_path):
    """Two runs with these faults beside what is healthy, side by side."""

    def of(before, after):
        return compare(*(assess(recorded(healthy() | faults, tmp_path)) for faults in (before, after)))

    return of


EXPLODING_LOSS = {"train/critic_loss": series(np.full(40, 1e4))}
DIVERGING = {"train/q1_value": growing(5.0, 1e3)}


def test_findings_are_gone_new_or_remain(compared):
    found = compared(EXPLODING_LOSS, DIVERGING)
    assert "critic_divergence" in found.resolved
    assert "q_divergence" in found.new
    assert found.persisting == []
    back = compare(found.candidate, found.baseline)
    assert (back.resolved, back.new) == (found.new, found.resolved)
    same = compare(found.candidate, found.candidate)
    assert (same.resolved, same.new, same.persisting) == ([], [], found.new)


def test_figures_of_the_baseline_come_first(compared):
    found = compared({"eval/reward": series([1.0, 2.0])}, {"eval/reward": series([1.0, 3.0])})
    assert found.figures[0] == ("evaluation reward", "2", "3")
    assert "Last evaluation reward: 2 before, 3 after" in found.summary


# -- logs of other programs --------------------------------------------------------------------------------------------


@pytest.fixture
def logs(tmp_path):
    """Two logs of other programs, side by side."""

    def of(before, after):
        return compare(*(assess(foreign(scalars, tmp_path / name)) for name, scalars in (("before", before), ("after", after))))

    return of


@pytest.fixture
def page(logs, tmp_path):
    def of(before, after):
        return write_comparison(logs(before, after), tmp_path)[0].read_text()

    return of


def test_returns_that_differ_by_more_than_their_noise(logs):
    summary = logs(ppo(), ppo() | {"rollout/ep_rew_mean": rising(high=200.0)}).summary
    assert "Late episode reward: 8" in summary
    assert "is more than the noise within the runs" in summary
    assert "one run each, so it may be chance" in summary


def test_returns_that_differ_by_no_more_than_their_noise(logs):
    noisy = series(np.random.default_rng(0).standard_normal(60) * 40.0, 1000, 1000)
    other = series(np.random.default_rng(1).standard_normal(60) * 40.0, 1000, 1000)
    summary = logs(td3(returns=noisy), td3(returns=other)).summary
    assert "is no more than the noise within the runs" in summary


def test_an_evaluation_is_not_compared_with_training_episodes(logs):
    summary = logs({"eval/mean_reward": rising()}, {"rollout/ep_rew_mean": rising()}).summary
    assert "Their returns cannot be compared: evaluation reward before, episode reward after." in summary


def test_only_figures_that_a_log_has_are_compared(logs):
    found = {name: (before, after) for name, before, after in logs(ppo(), td3()).figures}
    assert found.keys() >= {"episode reward, late level", "episode reward, best level", "KL, late", "critic loss, late"}
    assert found["KL, late"][1] == "-"
    assert all(numbers != ("-", "-") for numbers in found.values())
    assert next(iter(found)) == "episode reward, late level"


def test_the_return_is_the_first_curve_and_has_a_band(page):
    content = page(ppo(), td3())
    assert content.index("Episode reward</h3>") < content.index("Value loss</h3>")
    assert content.index("<h3>") == content.index("<h3>Episode reward</h3>")
    assert "the band twice its noise" in content
    assert "Logged as rollout/ep_rew_mean, charts/episodic_return." in content


def test_logs_that_count_different_things_are_drawn_by_the_share_of_each_run(page):
    by_episode = {"Episode/Reward": series(rising().values, 501, 1), "Episode/Length": series([40.0] * 60, 501, 1)}
    content = page(ppo(), by_episode)
    assert "The logs count environment steps and episodes, so their curves are drawn over the share of each run." in content
    assert ">share of the run<" in content
    assert ">environment steps<" not in content
    alike = page(ppo(), td3())
    assert ">environment steps<" in alike
    assert "share of" not in alike


def test_what_the_logs_were_read_as_is_said(page):
    content = page(ppo(), td3())
    assert "Stable-Baselines3, PPO; steps are environment steps" in content
    assert "CleanRL, TD3 or DDPG; steps are environment steps" in content


def test_evaluations_of_ours_have_a_band_if_there_are_enough(compared, tmp_path):
    few, many = compared({}, {}), compared({"eval/reward": rising(20)}, {"eval/reward": rising(20, seed=1)})
    assert "Last evaluation reward: 4 before, 4 after" in few.summary
    assert "Late evaluation reward: " in many.summary
    assert "band" in write_comparison(many, tmp_path)[0].read_text()


def test_logs_of_different_programs_are_not_taken_for_a_change(logs):
    exploded = td3() | {"losses/qf1_loss": series(np.geomspace(1.0, 1e9, 60), 1000, 1000)}
    comparison = logs(exploded, ppo())
    assert "They are logs of different programs (CleanRL, TD3 or DDPG; " in comparison.summary
    assert "rewards may be in different units" in comparison.summary
    assert "different programs" not in logs(ppo(), ppo()).summary


def test_a_finding_that_could_not_be_checked_any_more_is_not_resolved(logs):
    disagreeing = td3() | {"losses/qf2_values": series([300.0] * 60, 1000, 1000)}
    assert "twin_divergence" in logs(disagreeing, td3() | {"losses/qf2_values": series([10.0] * 60, 1000, 1000)}).resolved
    assert "twin_divergence" not in logs(disagreeing, td3()).resolved


def test_a_run_that_is_much_longer_does_not_hide_the_other(page):
    short = {tag: points._replace(steps=points.steps // 100) for tag, points in ppo().items()}
    content = page(ppo(), short)
    assert "One run is more than 10 times as long, so the curves are drawn over the share of each run." in content
    assert ">share of the run<" in content
