import pytest

from av_td3.env.errors import EpisodeFailed
from av_td3.runs.errors import RunFailed
from av_td3.training.skips import Skips


def failed(cause, seed=0):
    return EpisodeFailed(f"{cause} (episode seed {seed})", cause)


def test_three_alike_in_a_row_end_the_run_and_are_named():
    skips = Skips()
    skips.add(failed("flat tyre", 1))
    skips.add(failed("flat tyre", 2))
    skips.check()
    skips.add(failed("flat tyre", 3))
    with pytest.raises(RunFailed, match=r"3 episodes in a row failed alike; the last one: flat tyre \(episode seed 3\)"):
        skips.check()


def test_an_episode_in_between_makes_all_good():
    skips = Skips()
    for _ in range(5):
        skips.add(failed("flat tyre"))
        skips.add(failed("flat tyre"))
        skips.check()
        skips.clear()


def test_different_failures_end_the_run_later():
    skips = Skips()
    for i in range(9):
        skips.add(failed(("flat tyre", "no fuel")[i % 2]))
        skips.check()
    skips.add(failed("flat tyre"))
    with pytest.raises(RunFailed, match="10 episodes in a row failed"):
        skips.check()
