import pytest

from av_td3.config.errors import ConfigError
from av_td3.env.reward import Efficiency, LaneCentring, Progress, Smoothness
from tests.env.states import state

KMH = 28.8  # 8 m/s


@pytest.mark.parametrize(
    ("term", "changes", "value"),
    [
        (Progress, {}, 1.0),
        (Progress, {"progress": 0.4}, 0.5),
        (Progress, {"progress": -3.0}, -1.0),
        (Smoothness, {}, 0.0),
        (Smoothness, {"controls": (1.0, 1.0), "previous_controls": (-1.0, -1.0)}, -1.0),
        (Smoothness, {"controls": (0.5, 0.5)}, -0.125),
        (LaneCentring, {}, 1.0),
        (LaneCentring, {"lateral": 1.75}, 0.0),
        (LaneCentring, {"lateral": -5.0}, -1.0),
        (LaneCentring, {"speed": 0.0}, 0.0),
        (Efficiency, {}, 1.0),
        (Efficiency, {"speed": 0.0}, -1.0),
        (Efficiency, {"speed": 12.0}, 0.0),
    ],
)
def test_terms(term, changes, value):
    speed = {} if term is Smoothness else {"target_speed": KMH}
    assert term(weight=3.0, **speed)(state(**changes)) == pytest.approx(value)


def test_the_reward_is_the_weighted_sum(compose_config):
    breakdown = compose_config(f"reward.target_speed={KMH}").reward(state(), None)
    assert breakdown.value == pytest.approx(0.4 + 0.0 + 0.1 + 0.3)
    assert breakdown.terms == pytest.approx(
        {"progress": 0.4, "smoothness": 0.0, "lane_centring": 0.1, "efficiency": 0.3, "ending": 0}
    )


@pytest.mark.parametrize("ending", ["collision", "off_road", "wrong_way"])
def test_bad_endings_cost_and_the_sum_is_clipped(compose_config, ending):
    reward = compose_config("reward.clip=5.0").reward
    assert reward(state(), ending).value == -5.0
    assert reward(state(), ending).terms["ending"] == -10.0
    assert reward(state(), "goal").value == 5.0
    assert reward(state(), "time_limit").terms["ending"] == 0.0


OUTCOMES = {"collision": -1.0, "off_road": -2.0, "wrong_way": -3.0, "goal": 4.0}


@pytest.mark.parametrize("ending", [*OUTCOMES, "time_limit"])
def test_each_ending_has_an_outcome_of_its_own(compose_config, ending):
    outcomes = [f"reward.{name}={value}" for name, value in OUTCOMES.items()]
    breakdown = compose_config(*outcomes, "reward.clip=100.0", f"reward.target_speed={KMH}").reward(state(), ending)
    assert breakdown.terms["ending"] == OUTCOMES.get(ending, 0.0)
    assert breakdown.value == pytest.approx(0.8 + OUTCOMES.get(ending, 0.0))


def test_a_custom_term(compose_config):
    reward = compose_config("+reward.terms.half={_target_:tests.env.terms.Half,weight:0.5}").reward
    assert reward(state(), None).terms["half"] == 0.25


def test_a_non_finite_term_is_named(compose_config):
    reward = compose_config("reward.terms.progress._target_=tests.env.terms.NonFinite").reward
    with pytest.raises(ValueError, match="reward term progress is nan"):
        reward(state(), None)


def test_a_term_that_does_not_exist_is_named(compose_config):
    with pytest.raises(ConfigError, match=r"reward\.terms\.progress\._target_=av_td3\.env\.reward\.Comfort"):
        compose_config("reward.terms.progress._target_=av_td3.env.reward.Comfort")


def test_a_term_can_be_removed(compose_config):
    reward = compose_config("~reward.terms.smoothness", "~reward.weights.smoothness").reward
    assert set(reward(state(), None).terms) == {"progress", "lane_centring", "efficiency", "ending"}


@pytest.mark.parametrize("name", ["ending", "share_progress"])
def test_a_term_may_not_have_a_reserved_name(compose_config, name):
    with pytest.raises(ConfigError, match=rf"reward\.terms\.{name}: is a reserved name"):
        compose_config(f"+reward.terms.{name}={{_target_:av_td3.env.reward.Smoothness,weight:1.0}}")
