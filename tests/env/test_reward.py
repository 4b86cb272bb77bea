import math

import pytest
from av_td3.env.termination import Ending

from av_td3.config.errors import ConfigError
from av_td3.env import reward
from av_td3.env.reward import RewardFunction
from tests.env.states import state


@pytest.mark.parametrize(
    ("term", "changes", "value"),
    [
        (reward.progress, {}, 1.0),
        (reward.progress, {"progress": 0.4}, 0.5),
        (reward.progress, {"progress": -3.0}, -1.0),
        (reward.smoothness, {}, 0.0),
        (reward.smoothness, {"action": (1.0, 1.0), "previous_action": (-1.0, -1.0)}, -1.0),
        (reward.smoothness, {"action": (0.5, 0.5)}, -0.125),
        (reward.lane_centring, {}, 1.0),
        (reward.lane_centring, {"lateral": 1.75}, 0.0),
        (reward.lane_centring, {"lateral": -5.0}, -1.0),
        (reward.lane_centring, {"speed": 0.0}, 0.0),
        (reward.efficiency, {}, 1.0),
        (reward.efficiency, {"speed": 0.0}, -1.0),
        (reward.efficiency, {"speed": 12.0}, 0.0),
    ],
)
def test_terms(term, changes, value):
    assert term(state(**changes)) == pytest.approx(value)


def test_the_reward_is_the_weighted_sum(compose_config):
    payment = RewardFunction(compose_config().reward)(state(), None)
    assert payment.value == pytest.approx(0.6 + 0.0 + 0.1 + 0.1)
    assert payment.terms == pytest.approx(
        {"progress": 0.6, "smoothness": 0.0, "lane_centring": 0.1, "efficiency": 0.1, "ending": 0}
    )


@pytest.mark.parametrize("ending", [Ending.COLLISION, Ending.OFF_ROAD, Ending.WRONG_WAY])
def test_bad_endings_cost_and_the_sum_is_clipped(compose_config, ending):
    function = RewardFunction(compose_config("reward.clip=5.0").reward)
    assert function(state(), ending).value == -5.0
    assert function(state(), ending).terms["ending"] == -10.0
    assert function(state(), Ending.GOAL).value == 5.0
    assert function(state(), Ending.TIME_LIMIT).terms["ending"] == 0.0


ENDINGS = {
    Ending.COLLISION: -1.0,
    Ending.OFF_ROAD: -2.0,
    Ending.WRONG_WAY: -3.0,
    Ending.GOAL: 4.0,
}


@pytest.mark.parametrize("ending", list(Ending))
def test_each_ending_has_a_price_of_its_own(compose_config, ending):
    prices = [f"reward.{ending.name.lower()}={price}" for ending, price in ENDINGS.items()]
    payment = RewardFunction(compose_config(*prices, "reward.clip=100.0").reward)(state(), ending)
    assert payment.terms["ending"] == ENDINGS.get(ending, 0.0)
    assert payment.value == pytest.approx(0.8 + ENDINGS.get(ending, 0.0))


def test_a_term_of_ones_own(compose_config):
    config = compose_config("+reward.terms.half={}".format("tests.env.test_reward.half"), "+reward.weights.half=0.5").reward
    assert RewardFunction(config)(state(), None).terms["half"] == 0.25


def half(_):
    return 0.5


def not_a_number(_):
    return math.nan


def test_a_term_that_is_no_number_is_named(compose_config):
    config = compose_config("reward.terms.progress=tests.env.test_reward.not_a_number").reward
    with pytest.raises(ValueError, match="reward term progress is nan"):
        RewardFunction(config)(state(), None)


def test_a_term_that_does_not_exist_is_named(compose_config):
    config = compose_config("reward.terms.progress=av_td3.env.reward.comfort").reward
    with pytest.raises(ConfigError, match=r"reward\.terms\.progress=av_td3\.env\.reward\.comfort"):
        RewardFunction(config)
