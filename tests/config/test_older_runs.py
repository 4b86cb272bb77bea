import copy

from av_td3.config.composition import default_config
from av_td3.config.experiment import Config
from av_td3.config.older_runs import NEW_KEYS, completed
from av_td3.config.validation import typed


def test_a_config_of_version_0_2_0_is_completed_to_one_that_does_the_same():
    content = default_config()
    older = copy.deepcopy(content)
    del older["render"]
    for key in NEW_KEYS:
        section, _, name = key.rpartition(".")
        del (older[section] if section else older)[name]
    del older["algorithm"]["lr_end_factor"]
    config = typed(completed(older), Config)
    assert (config.scenario.test_routes, config.scenario.validation_routes, config.init_from) == (None, None, None)
    assert config.algorithm.lr_end_factor == 1.0
    assert config.render == typed(content, Config).render
    assert "render" not in older


def test_an_algorithm_of_others_gets_no_key_of_td3():
    content = default_config()
    content["algorithm"] = {"_target_": "theirs.SAC", "actor_lr": 1e-3, "critic_lr": 1e-3}
    assert completed(content) == content


def test_a_key_that_is_there_stays():
    content = default_config()
    content["scenario"]["test_routes"] = "ring01_test"
    assert completed(content) == content
