"""The keys of another package are checked like ours."""

import re

import pytest

from av_td3.config.errors import ConfigError


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("algorithm=random_shooting algorithm.candidates=0", "algorithm.candidates=0: must be at least 1 and at most"),
        (
            "algorithm=random_shooting +algorithm.candidate=1",
            "algorithm.candidate: no such key; did you mean algorithm.candidates?",
        ),
        (
            "algorithm=random_shooting clipping=off",
            "algorithm.gradient_clipping: kart.algorithm.RandomShootingConfig has no such key, which conf/clipping/ fills",
        ),
        ("algorithm=td3 +algorithm.candidates=1", "algorithm.candidates: no such key"),
        ("network=pooled network.pool=0", "network.pool=0: must be at least 1 and at most 84 (pixels)"),
        ("simulator=banner ~simulator.banner", "simulator.banner: is missing"),
        ("reward=haste scenario=kart reward.terms.haste.top_speed=0", "reward.terms.haste.top_speed=0: must be at least 0.1"),
        ("reward=haste", "reward.endings.stuck: there is no scenario.endings.stuck"),
        ("observation=kart observation.cameras.road.sky=1", "observation.cameras.road.sky=1: must be at least 0"),
        ("callbacks=kart callbacks.best_episode.margin=-1", "callbacks.best_episode.margin=-1: must be at least 0"),
        ("experiment=kart alerts.custom.large_loss.max_loss=0", "alerts.custom.large_loss.max_loss=0: must be more than 0"),
        ("hardware=site hardware.cost_centre=null", "hardware.cost_centre=null: must be text"),
    ],
)
def test_an_invalid_value_is_refused_in_one_line(compose_kart, words, answer):
    with pytest.raises(ConfigError, match=re.escape(answer)) as caught:
        compose_kart(words)
    assert "\n" not in str(caught.value)


def test_an_algorithm_may_do_without_the_keys_of_clipping(compose_kart):
    assert not hasattr(compose_kart("algorithm=random_shooting").algorithm, "gradient_clipping")
