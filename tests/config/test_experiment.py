import dataclasses
import re
from itertools import zip_longest
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException
from hydra.utils import get_class

from av_td3.config.experiment import Config, ConfigError, all_keys, register_schema

CONF = Path(__file__).resolve().parents[2] / "conf"
EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
GROUPS = ("algorithm", "clipping", "network", "scenario", "reward", "simulator", "hardware", "gate")


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_composes(compose_config, experiment):
    assert isinstance(compose_config(f"experiment={experiment}"), Config)


@pytest.mark.parametrize(("group", "name"), [(g, p.stem) for g in GROUPS for p in sorted((CONF / g).glob("*.yaml"))])
def test_every_file_of_every_group_composes(compose_config, group, name):
    assert isinstance(compose_config(f"{group}={name}"), Config)


def test_the_named_experiments_have_the_named_schedules(compose_config):
    schedules = {e: compose_config(f"experiment={e}") for e in EXPERIMENTS}
    lengths = {e: (c.total_steps, c.algorithm.learning_starts) for e, c in schedules.items()}
    assert lengths["micro_500"] == (500, 250)
    assert lengths["validation_5k"] == (5000, 2500)
    assert lengths["validation_50k"][0] == 50_000
    assert lengths["production_1m"] == (1_000_000, 10_000)
    production = schedules["production_1m"]
    assert production.algorithm.buffer_size == 1_000_000
    assert (production.evaluation.every_steps, production.checkpoint.every_steps) == (10_000, 50_000)
    assert compose_config().total_steps == 5000


def test_a_preset_and_a_single_number_reach_the_clipping(compose_config):
    assert compose_config("clipping=off").algorithm.gradient_clipping.enabled is False
    clipping = compose_config("algorithm.gradient_clipping.actor_max_norm=2.5").algorithm.gradient_clipping
    assert (clipping.actor_max_norm, clipping.critic_max_norm, clipping.enabled) == (2.5, 10.0, True)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("algorithm.gradient_clipping.actor_max_norm=-1", "must be more than 0"),
        ("algorithm.batch_size=0", "must be at least 1"),
        ("algorithm.discount=1.0", "less than 1"),
        ("algorithm.gradient_clipping.scope=both", "one of joint, per_module"),
        ("network.trunk=deep", "one of layernorm_tanh, plain"),
        ("network.hidden_dims=[]", "layer widths"),
        ("simulator.fixed_delta_seconds=0.5", "at most 0.1"),
        ("simulator.port=70000", "at most 65534"),
        ("algorithm.tau=nan", "more than 0"),
        ("+reward.weights.comfort=1.0", "every weight a term"),
        ("network.gradient_routing=shared", "one of separate, critic_owned, entangled"),
        ("network.convolutions=[[32,8]]", "rows of channels, kernel, stride"),
        ("network.convolutions=[]", "rows of channels, kernel, stride"),
        ("algorithm.critics=3", "at most 2"),
        ("algorithm.optimizer=lion", "one of adam, adamw, sgd"),
        ("algorithm.n_step=0", "at least 1"),
        ("replay.storage=tape", "one of memory, disk, device"),
        ("hardware.num_envs=0", "at least 1"),
    ],
)
def test_values_out_of_range_are_refused_by_name(compose_config, override, words):
    key = override.lstrip("+").split("=")[0]
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")) as caught:
        compose_config(override)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("override", ["algorithm.actorlr=1", "scenario=nowhere", "algorithm.batch_size=many"])
def test_wrong_keys_groups_and_types_are_refused(compose_config, override):
    with pytest.raises(ConfigCompositionException):
        compose_config(override)


def test_a_replay_smaller_than_the_exploration_is_refused(compose_config):
    with pytest.raises(ConfigError, match=r"algorithm\.buffer_size=1000"):
        compose_config("algorithm.buffer_size=1000")


def test_a_replay_too_small_for_its_environments_is_refused(compose_config):
    with pytest.raises(ConfigError, match=r"algorithm\.buffer_size=1000: .*10 for each of the hardware\.num_envs=128"):
        compose_config("algorithm.buffer_size=1000", "algorithm.learning_starts=100", "hardware.num_envs=128")


def test_the_noise_stays_level_when_one_number_is_changed(compose_config):
    algorithm = compose_config("algorithm.exploration_noise=0.25").algorithm
    assert algorithm.exploration_noise_end == 0.25


def test_every_key_is_commented_in_yaml():
    """A user who opens the first file of a group finds a comment beside each of its keys."""
    bare = []
    for path in CONF.rglob("*.yaml"):
        text = path.read_text()
        assert text.startswith("#") or path.parent.name == "help", f"{path} does not say what it is for"
        if path.parent.name in ("help", "experiment") or (path.name != "config.yaml" and "defaults:" in text):
            continue  # says what differs from the file that it starts from
        keys = text.split("\nhydra:")[0].splitlines()
        said = [
            k for k in keys if "#" in k or "_target_" in k or "${hardware." in k
        ]  # the last is commented where it comes from
        bare += [f"{path.name}: {k}" for k in keys if re.match(r"\s*\w+: *[^#\s]", k) and k not in said]
    assert bare == []


def test_yaml_holds_every_default(compose_config):
    """The schema holds no default, so a key that no YAML sets could not compose."""
    keys = all_keys()
    assert "algorithm.gradient_clipping.actor_max_norm" in keys
    composed = compose_config()
    for key in keys:
        node = composed
        for part in key.split("."):
            node = getattr(node, part)
    assert all(f.default is dataclasses.MISSING or f.default == "???" for f in dataclasses.fields(Config))


def test_targets_exist(compose_config):
    for path in (CONF / "simulator").glob("*.yaml"):
        assert get_class(yaml.safe_load(path.read_text())["_target_"])
    assert get_class(compose_config().algorithm._target_)


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF.parent / "sweeps").glob("*.yaml")))
def test_every_sweep_is_made_of_runs_that_compose(compose_config, name):
    sweep = yaml.safe_load((CONF.parent / "sweeps" / f"{name}.yaml").read_text())
    swept = {key: str(values).split(",") for key, values in sweep["hydra"]["sweeper"]["params"].items()}
    for values in zip_longest(*swept.values()):
        told = [f"{key}={value}" for key, value in zip(swept, values, strict=True) if value is not None]
        assert isinstance(compose_config(f"+sweep={name}", *told), Config)


def test_our_launcher_asks_slurm_for_what_hardware_says():
    register_schema()
    overrides = [
        "hydra/launcher=slurm",
        "hardware.slurm.partition=gpu",
        "hardware.slurm.parallel=3",
        "hardware.slurm.setup=[ml x]",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        launcher = compose("config", overrides, return_hydra_config=True).hydra.launcher
    assert (launcher.partition, launcher.array_parallelism, launcher.setup) == ("gpu", 3, ["ml x"])
    assert launcher.max_num_timeout >= 1000
    assert get_class(launcher._target_).__name__ == "SlurmLauncher"


def test_no_key_is_dead():
    """Every key is read somewhere outside the schema; what it does there is for the tests of its reader."""
    package = Path(__file__).resolve().parents[2] / "av_td3"
    readers = [path for path in package.rglob("*.py") if path.name != "config.py"] + list((CONF / "hydra").rglob("*.yaml"))
    source = "\n".join(path.read_text() for path in readers)
    sections = {item.name for item in dataclasses.fields(Config)}
    dead = []
    for key in all_keys():
        name = key.split(".")[-1]
        if name not in sections and not re.search(rf"\.{name}\b", source):
            dead.append(key)
    assert dead == []
