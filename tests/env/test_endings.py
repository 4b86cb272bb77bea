import math

import pytest

from av_td3.config.errors import ConfigError
from av_td3.config.scenario import Ending
from av_td3.env.endings import Collision, Termination, TimeLimit
from tests.env.states import state


@pytest.fixture
def watch(compose_config):
    watching = Termination(compose_config("scenario.max_episode_steps=50").scenario.endings)
    watching.reset()

    def check(seen):
        reached = watching.check(seen)
        return None if reached is None else reached[0]

    check.reset = watching.reset
    return check


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({}, None),
        ({"collided": True}, "collision"),
        ({"travelled": 98.0}, "goal"),
        ({"travelled": 98.0, "lateral": 3.0}, None),
        ({"heading_error": math.radians(-150.0)}, "wrong_way"),
        ({"collided": True, "travelled": 98.0}, "collision"),
    ],
)
def test_endings_of_one_step(watch, changes, ending):
    assert watch(state(**changes)) == ending


def test_off_the_road_for_longer_than_allowed(watch):
    assert [watch(state(on_road=False)) for _ in range(4)] == [None, None, None, "off_road"]


def test_coming_back_in_time_is_forgiven(watch):
    for _ in range(10):
        assert watch(state(on_road=False)) is None
        assert watch(state()) is None


def test_out_of_the_lane_for_longer_than_allowed(watch):
    endings = [watch(state(lateral=2.5)) for _ in range(31)]
    assert endings[:29] == [None] * 29
    assert endings[-1] == "off_road"


def test_the_time_limit(watch):
    assert [watch(state()) for _ in range(50)] == [None] * 49 + ["time_limit"]


def test_a_new_episode_starts_all_clocks_again(watch):
    for _ in range(3):
        watch(state(on_road=False))
    watch.reset()
    assert [watch(state(on_road=False)) for _ in range(4)] == [None, None, None, "off_road"]
    watch.reset()
    assert [watch(state()) for _ in range(50)] == [None] * 49 + ["time_limit"]


def test_clocks_run_on_while_an_ending_before_them_is_reached():
    endings = Termination({"collision": Collision(), "time_limit": TimeLimit(steps=3)})
    endings.reset()
    assert [endings.check(state(collided=i == 0))[0] if i != 1 else endings.check(state()) for i in range(3)] == [
        "collision",
        None,
        "time_limit",
    ]


def test_which_endings_truncate_and_complete_the_route(compose_config):
    endings = compose_config().scenario.endings
    assert {name for name, ending in endings.items() if ending.truncates} == {"time_limit"}
    assert {name for name, ending in endings.items() if ending.completes_route} == {"goal"}


class Slow(Ending):
    """A custom ending: standing still."""

    below: float

    def reached(self, state):
        return state.speed < self.below


def test_a_custom_ending_and_its_outcome(compose_config):
    config = compose_config(
        "+scenario.endings.slow={_target_:tests.env.test_endings.Slow,below:1.0}", "+reward.endings.slow=-3.0"
    )
    watching = Termination(config.scenario.endings)
    assert watching.check(state()) is None
    name, ending = watching.check(state(speed=0.5))
    assert (name, ending.truncates, ending.completes_route) == ("slow", False, False)
    assert config.reward(state(speed=0.5), "slow").terms["ending"] == -3.0


@pytest.mark.parametrize("name", ["lost", "skipped", "unfinished"])
def test_an_ending_may_not_have_a_reserved_name(compose_config, name):
    with pytest.raises(ConfigError, match=rf"scenario\.endings\.{name}: "):
        compose_config(f"+scenario.endings.{name}={{_target_:av_td3.env.endings.Collision}}")
