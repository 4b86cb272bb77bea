import math

import pytest

from av_td3.config.errors import ConfigError
from av_td3.diagnostics.settings import drop_invalid, parse_setting, set_in

NORM = "algorithm.gradient_clipping.actor_max_norm"


def test_values_have_the_types_of_the_schema():
    assert parse_setting(f"{NORM}=1e-1") == (NORM, 0.1)
    assert parse_setting("algorithm.batch_size=256") == ("algorithm.batch_size", 256)
    assert parse_setting("algorithm.gradient_clipping.enabled=false") == ("algorithm.gradient_clipping.enabled", False)
    assert parse_setting(f"{NORM}=inf") == (NORM, math.inf)
    assert parse_setting("hardware.threads=null") == ("hardware.threads", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("foo", "must be KEY=VALUE"),
        ("=1", "must be KEY=VALUE"),
        ("nope.nope=1", "no such key; write it as in algorithm.batch_size=256"),
        ("a=b", "no such key"),
        ("algorithm.batchsize=1", "did you mean algorithm.batch_size"),
        ("algorithm.batch_size=abc", "must be an integer"),
        ("algorithm.batch_size=", "must be an integer"),
        ("algorithm.batch_size=0", "must be at least 1"),
        ("algorithm.batch_size=1" + "0" * 30, "must be at least 1 and at most 1000000"),
        ("algorithm.batch_size=[", "not valid YAML"),
        ("algorithm.batch_size=${seed}", "seed"),
        (f"{NORM}=nan", "must be more than 0"),
        ("algorithm.gradient_clipping.scope=both", "must be one of joint, per_module"),
    ],
)
def test_an_invalid_setting_is_refused_with_what_is_allowed(text, words):
    with pytest.raises(ConfigError, match=words) as caught:
        parse_setting(text)
    assert str(caught.value).startswith(f"--set {text}: ")
    assert "\n" not in str(caught.value)


def test_a_setting_replaces_what_is_no_section():
    config = {"algorithm": 5}
    set_in(config, NORM, 1.0)
    assert config == {"algorithm": {"gradient_clipping": {"actor_max_norm": 1.0}}}


def test_invalid_values_of_a_config_are_taken_out_and_named():
    config = {
        "algorithm": {"batch_size": "many", "critics": 2, "theirs": "x"},
        "alerts": {"clip_tolerance": -1.0},
        "network": 7,
    }
    assert drop_invalid(config) == [
        "algorithm.batch_size=many: must be an integer; ignored",
        "alerts.clip_tolerance=-1.0: must be at least 0 and at most 1; ignored",
    ]
    assert config == {"algorithm": {"critics": 2, "theirs": "x"}, "alerts": {}, "network": 7}
