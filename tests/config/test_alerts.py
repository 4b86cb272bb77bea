"""Alerts of one's own in the configuration."""

from typing import Annotated

import pytest

from av_td3.config.alerts import Alert
from av_td3.config.errors import ConfigError
from av_td3.config.limits import Interval
from av_td3.diagnostics.settings import drop_invalid
from av_td3.metrics import ALERTS


class Crawling(Alert):
    slowest: Annotated[float, Interval(0.0, 100.0)]

    def raised(self, scalars):
        return scalars.get("perf/updates_per_s", 0.0) < self.slowest


MINE = f"{{_target_:{__name__}.Crawling,slowest:1.0}}"


def test_there_are_none_by_default(compose_config):
    assert compose_config().alerts.custom == {}


def test_it_has_keys_of_its_own_and_may_end_a_run(compose_config):
    alerts = compose_config(f"+alerts.custom.crawling={MINE}", "alerts.stop_on=[crawling,q_divergence]").alerts
    assert alerts.custom["crawling"].slowest == 1.0
    assert alerts.stop_on == ["crawling", "q_divergence"]
    assert alerts.model_dump(mode="json")["custom"] == {"crawling": {"_target_": f"{__name__}.Crawling", "slowest": 1.0}}


@pytest.mark.parametrize(
    ("overrides", "answer"),
    [
        (["alerts.stop_on=[crawling]"], f"alerts.stop_on=['crawling']: must be one of {', '.join(ALERTS)}"),
        (
            [f"+alerts.custom.crawling={MINE}", "alerts.stop_on=[crawlin]"],
            f"alerts.stop_on=['crawlin']: must be one of {', '.join(ALERTS)}, crawling",
        ),
        (["alerts.stop_on=crawling"], "alerts.stop_on=crawling: must be a list"),
        ([f"+alerts.custom.non_finite={MINE}"], "alerts.custom.non_finite: is the name of a built-in alert; choose another"),
        (
            [f"+alerts.custom.too-slow={MINE}"],
            "alerts.custom.too-slow: must be a name of letters, digits and _, as it becomes that of a tag",
        ),
        (
            [f"+alerts.custom.crawling={MINE}", "alerts.custom.crawling.slowest=-1", "alerts.stop_on=[crawling]"],
            "alerts.custom.crawling.slowest=-1: must be at least 0 and at most 100",
        ),
        ([f"+alerts.custom.crawling={MINE}", "+alerts.custom.crawling.most=1"], "alerts.custom.crawling.most: no such key"),
        (["+alerts.custom.crawling.slowest=1"], "alerts.custom.crawling._target_=null: is missing"),
        (
            ["+alerts.custom.crawling._target_=av_td3.config.alerts.Gate"],
            "alerts.custom.crawling._target_=av_td3.config.alerts.Gate: must be a class derived from",
        ),
        (["alerts.custom=5"], "alerts.custom=5: must be a mapping"),
    ],
)
def test_a_wrong_one_is_refused_in_one_line(compose_config, overrides, answer):
    with pytest.raises(ConfigError) as refused:
        compose_config(*overrides)
    assert str(refused.value).startswith(answer)
    assert "\n" not in str(refused.value)


def test_those_of_a_log_are_left_alone_whatever_they_name(tmp_path, monkeypatch):
    """A log may come from somebody else; nothing that it names is imported."""
    (tmp_path / "theirs.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    alerts = {"custom": {"crawling": {"_target_": "theirs.Crawling"}}, "stop_on": ["crawling"], "max_q": -1.0}
    config = {"alerts": alerts}
    assert [line.partition("=")[0] for line in drop_invalid(config)] == ["alerts.max_q"]
    assert config == {"alerts": {key: value for key, value in alerts.items() if key != "max_q"}}
