import numpy as np
import pytest
import torch

from av_td3.agents.measurements import Measurements
from av_td3.env.seeding import episode_seed
from av_td3.training.episode import EpisodeRecord
from av_td3.training.schedule import Every


def test_every_is_true_once_for_each_multiple_that_was_passed():
    due = Every(100)
    assert [step for step in (30, 99, 101, 150, 199, 420, 430, 500) if due(step)] == [101, 420, 500]


def test_seeds_of_episodes_differ_by_run_purpose_and_number():
    seeds = {episode_seed(run, purpose, i) for run in range(3) for purpose in ("training", "evaluation") for i in range(50)}
    assert len(seeds) == 300
    assert episode_seed(7, "training", 3) == episode_seed(7, "training", 3)


def info(**changes):
    return {
        "terms": {"progress": 0.5, "ending": 0.0},
        "speed": 4.0,
        "travelled": 1.0,
        "over_the_line": False,
        "collided": False,
        "position": (1.0, 2.0),
        "controls": (0.25, 0.5),
    } | changes


def test_an_episode_is_summed_up():
    record = EpisodeRecord()
    record.add(0.5, info())
    record.add(0.5, info(over_the_line=True))
    record.add(0.5, info(over_the_line=True))
    last = info(
        travelled=7.0, ending="collision", collided=True, route_completion=0.25, terms={"progress": 0.5, "ending": -10.0}
    )
    record.add(-9.5, last | {"position": (5.0, 6.0), "controls": (-0.5, 1.0)})
    numbers = record.scalars()
    assert numbers == {
        "reward": -8.0,
        "length": 4.0,
        "route_completion": 0.25,
        "collisions": 1.0,
        "lane_invasions": 1.0,
        "success": 0.0,
        "speed": 4.0,
    }
    assert record.distance == 7.0
    assert record.reward_scalars()["reward/progress"] == 0.5
    assert record.reward_scalars()["reward/share_progress"] == pytest.approx(2.0 / 12.0)


def test_success_is_what_the_ending_says_whatever_its_name():
    record = EpisodeRecord()
    record.add(1.0, info(ending="arrived", success=True, route_completion=1.0))
    assert (record.scalars()["success"], record.scalars()["collisions"]) == (1.0, 0.0)


def test_measurements_are_means_maxima_and_counts_since_the_last_time():
    m = Measurements()

    def record(group, value):
        value = torch.tensor(value)
        m.record(group, means={group: value, "debug/x": value}, peaks={"a": value}, counts={"alerts/b": value > 2.0})

    for value in (1.0, 3.0):
        record("first", value)
    m.record("second", means={"rare": torch.tensor(7.0, dtype=torch.float64)}, counts={"alerts/b": torch.tensor(True)})
    assert m.drain() == {"first": 2.0, "debug/x": 2.0, "a_max": 3.0, "alerts/b": 2.0, "rare": 7.0}
    assert m.drain() == {}
    for value in (float("nan"), 1.0):
        record("first", value)
    record("second", 5.0)
    assert np.isnan(m.drain()["a_max"])
