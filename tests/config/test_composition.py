import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from omegaconf.errors import OmegaConfBaseException

from av_td3.config.composition import composed, default_config, default_keys, driving_task, experiment
from av_td3.config.conf_folder import CONF
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config, DrivingTask


def test_an_experiment_is_composed_and_typed():
    config = experiment(["name=mine", "seed=5", "scenario=loop"])
    assert isinstance(config, Config)
    assert (config.name, config.seed, config.scenario.town) == ("mine", 5, "Loop01")


def test_a_driving_task_is_what_an_environment_needs_of_the_same_config():
    overrides = ["name=mine", "scenario=loop", "reward.target_speed=20", "simulator.timeout=3.0", "observation.stack=2"]
    task, config = driving_task(overrides), experiment(overrides)
    assert type(task) is DrivingTask
    for name in DrivingTask.model_fields:
        assert getattr(task, name) == getattr(config, name)


@pytest.mark.parametrize("make", [experiment, driving_task])
@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "scenario=nowhere",
            r"^Could not find 'scenario/nowhere' in conf/; available: loop, suburb01_100, suburb01_20, suburb01_50, "
            r"suburb_empty, suburb_traffic, town01_100, town01_20, town01_50 \(--config-dir",
        ),
        ("scenario.vehicl=x", r"^scenario\.vehicl: no such key; did you mean scenario\.vehicle\?$"),
        ("scenario.route_length=far", r"^scenario\.route_length=far: must be a number$"),
        ("scenario.route_length=${nope}", r"scenario\.route_length: Interpolation key 'nope' not found$"),
        ("scenario.route_length=1", r"^scenario\.route_length=1: must be at least 10 and at most 100000 \(metres\)$"),
        ("+reward.endings.fire=1", r"^reward\.endings\.fire: there is no scenario\.endings\.fire; the endings are collision, "),
    ],
)
def test_an_error_is_one_line(make, override, words):
    with pytest.raises(ConfigError, match=words) as refused:
        make(["name=mine", override])
    assert "\n" not in str(refused.value)


def test_untyped_composition_raises_the_errors_of_hydra():
    with pytest.raises(ConfigCompositionException):
        composed(["scenario=nowhere"])
    assert composed(["seed=abc"]).seed == "abc"  # nothing is checked
    with pytest.raises(OmegaConfBaseException):
        _ = composed(["seed=${nope}"]).seed


def test_hydras_own_part_is_there_when_asked_for():
    assert "hydra" not in composed(["name=mine"])
    assert composed(["name=mine"], hydra=True).hydra.callbacks.launch_check


def test_default_keys_are_those_of_the_default_config():
    keys = default_keys()
    assert {"seed", "algorithm.gradient_clipping.actor_max_norm", "observation.cameras.front.fov"} <= set(keys)
    assert default_config()["total_steps"] == 20_000


def test_a_program_with_a_hydra_of_its_own_keeps_it():
    ConfigStore.instance().store(name="theirs", node={"mine": 3})
    with initialize_config_dir(str(CONF), version_base="1.2", job_name="theirs"):
        before = GlobalHydra.instance().hydra
        experiment(["name=mine"])
        with pytest.raises(ConfigError):
            experiment(["seed=abc"])
        assert GlobalHydra.instance().hydra is before
        assert compose("theirs").mine == 3
    assert not GlobalHydra.instance().is_initialized()


def test_the_file_of_an_algorithm_may_do_without_the_keys_of_clipping(tmp_path):
    (tmp_path / "algorithm").mkdir()
    (tmp_path / "algorithm" / "own.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /clipping: null\nalgorithm:\n  discount: 0.9\n"
    )
    config = composed(["name=test", f"hydra.searchpath=[file://{tmp_path}]", "algorithm=own"])
    assert config.algorithm.discount == 0.9
    assert "gradient_clipping" not in config.algorithm
    assert composed(["name=test", "clipping=off"]).algorithm.gradient_clipping.enabled is False
