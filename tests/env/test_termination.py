import math

import pytest
from av_td3.env.termination import Ending, Termination

from tests.env.states import state


@pytest.fixture
def watch(compose_config):
    return Termination(compose_config("scenario.max_episode_steps=50").scenario)


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({}, None),
        ({"collided": True}, Ending.COLLISION),
        ({"travelled": 98.0}, Ending.GOAL),
        ({"travelled": 98.0, "lateral": 3.0}, None),
        ({"heading_error": math.radians(-150.0)}, Ending.WRONG_WAY),
        ({"collided": True, "travelled": 98.0}, Ending.COLLISION),
    ],
)
def test_endings_of_one_step(watch, changes, ending):
    assert watch.check(state(**changes)) == ending


def test_off_the_road_for_longer_than_allowed(watch):
    assert [watch.check(state(on_road=False)) for _ in range(4)] == [None, None, None, Ending.OFF_ROAD]


def test_coming_back_in_time_is_forgiven(watch):
    for _ in range(10):
        assert watch.check(state(on_road=False)) is None
        assert watch.check(state()) is None


def test_out_of_the_lane_for_longer_than_allowed(watch):
    endings = [watch.check(state(lateral=2.5)) for _ in range(31)]
    assert endings[:29] == [None] * 29
    assert endings[-1] is Ending.OFF_ROAD


def test_the_time_limit(watch):
    assert [watch.check(state()) for _ in range(50)] == [None] * 49 + [Ending.TIME_LIMIT]
