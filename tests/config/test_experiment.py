import copy
import re
from itertools import chain, zip_longest

import pytest
import yaml
from hydra.errors import HydraException
from hydra.utils import get_class
from omegaconf import OmegaConf, open_dict

from av_td3.config.composition import composed, experiment
from av_td3.config.conf_folder import CONF
from av_td3.config.difference import differences
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.route_set import load_route_set
from av_td3.config.validation import keys_of, validated

EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
GROUPS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name not in ("hydra", "sweep", "routes"))
FILES = [(group, path.stem) for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]


def test_the_groups_are_the_ones_that_guides_name():
    assert set(GROUPS) == {
        *("algorithm", "clipping", "network", "observation", "action", "scenario", "reward", "simulator", "hardware"),
        *("gate", "experiment", "callbacks", "render"),
    }


@pytest.mark.parametrize(("group", "name"), FILES)
def test_every_file_of_every_group_composes(compose_config, group, name):
    schedule = () if group == "experiment" else ("experiment=validation_5k",)  # which changes few keys of other files
    config = compose_config(f"{group}={name}", *schedule)
    assert isinstance(config, Config)
    stored = yaml.safe_load((CONF / group / f"{name}.yaml").read_text())
    section = {"clipping": "algorithm.gradient_clipping", "experiment": None}.get(group, group)
    found = config.model_dump(mode="json")
    for part in section.split(".") if section else ():
        found = found[part]
    for key in keys_of({key: value for key, value in stored.items() if key != "defaults"}):
        value, expected = found, stored
        for part in key.split("."):
            value, expected = value[part], expected[part]
        if not str(expected).startswith("${"):
            assert value == ({} if key == "cameras" else expected), key  # null there means none


def test_the_named_experiments_have_the_named_schedules(compose_config):
    schedules = {e: compose_config(f"experiment={e}") for e in EXPERIMENTS}
    lengths = {e: (c.total_steps, c.algorithm.learning_starts) for e, c in schedules.items()}
    assert lengths["micro_500"] == (500, 250)
    assert lengths["validation_5k"] == (5000, 2500)
    assert lengths["validation_50k"][0] == 50_000
    assert lengths["learn_in_traffic"] == (40_000, 5000)
    networks = {e: (c.network.feature_dim, c.network.random_shift) for e, c in schedules.items()}
    assert networks == dict.fromkeys(schedules, (50, 0)) | {"learn_to_drive": (10, 4), "learn_in_traffic": (50, 4)}
    assert lengths["production_1m"] == (1_000_000, 10_000)
    production = schedules["production_1m"]
    assert production.algorithm.buffer_size == 1_000_000
    assert (production.evaluation.every_steps, production.checkpoint.every_steps) == (10_000, 50_000)
    assert compose_config().total_steps == lengths["learn_to_drive"][0] == 20_000
    cars = {name: config.scenario.npc_vehicles for name, config in schedules.items()}
    assert cars == dict.fromkeys(schedules, 20) | {"learn_to_drive": 0, "learn_in_traffic": 50}
    assert compose_config().scenario.npc_vehicles == 0
    assert compose_config("scenario=suburb_traffic").scenario.npc_vehicles == 20
    assert compose_config("experiment=learn_in_traffic", "scenario=suburb01_20").scenario.npc_vehicles == 20


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
        ("network.hidden_dims=[]", "1 or more entries"),
        ("simulator.fixed_delta_seconds=0.5", "at most 0.1"),
        ("simulator.port=70000", "at most 65532"),
        ("algorithm.tau=nan", "more than 0"),
        ("+reward.weights.comfort=1.0", "there is no reward.terms.comfort"),
        ("network.gradient_routing=shared", "one of separate, critic_owned, entangled"),
        ("network.convolutions=[[32,8]]", "rows of channels, kernel, stride"),
        ("network.convolutions=[]", "rows of channels, kernel, stride"),
        ("algorithm.critics=3", "at most 2"),
        ("algorithm.optimizer=lion", "one of adam, adamw, sgd"),
        ("algorithm.n_step=0", "at least 1"),
        ("replay.storage=tape", "one of memory, disk, device"),
        ("replay.fill_with=autopilot", "one of pure_pursuit, random"),
        ("hardware.num_envs=0", "at least 1"),
        ("algorithm.actorlr=1", "no such key; did you mean algorithm.actor_lr?"),
        ("algorithm.batch_size=many", "must be an integer"),
        ("observation.color=blue", "one of gray, rgb"),
    ],
)
def test_values_out_of_range_are_refused_by_name(compose_config, override, words):
    key = override.lstrip("+").split("=")[0]
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")) as caught:
        compose_config(override)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pure_pursuit_fills_no_replay_of_other_actions(compose_config):
    target = "action._target_=tests.config.own_action.Steer"
    words = r"^replay\.fill_with=pure_pursuit: chooses steering and pedal, and Steer has the component steering; use random or"
    with pytest.raises(ConfigError, match=words):
        compose_config(target, "replay.fill_with=pure_pursuit")
    assert compose_config(target, "replay.fill_with=random").action.size == 1


@pytest.mark.parametrize("cars", [20, 50, 100])
def test_a_scenario_names_its_town_its_cars_and_routes_of_that_town(compose_config, cars):
    for name, town in (("suburb01", "Suburb01"), ("town01", "Town01")):
        scenario = compose_config(f"scenario={name}_{cars}").scenario
        assert (scenario.town, scenario.npc_vehicles) == (town, cars)
        for routes in (scenario.validation_routes, scenario.test_routes):
            assert {route.town for route in load_route_set(routes).routes} == {town}


def test_a_file_that_is_not_there_is_refused(compose_config):
    with pytest.raises(ConfigError, match="Could not find 'scenario/nowhere'"):
        compose_config("scenario=nowhere")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["algorithm.buffer_size=1000"], r"^algorithm\.buffer_size=1000: must be more than algorithm\.learning_starts=2500"),
        (
            ["algorithm.buffer_size=1000", "algorithm.learning_starts=100", "hardware.num_envs=128"],
            r"^algorithm\.buffer_size=1000: .*10 for each of the hardware\.num_envs=128",
        ),
        (["alerts.explosion_critical=10"], r"^alerts\.explosion_critical=10: must be at least alerts\.explosion_warning=10000"),
        (["scenario.route_length=20", "scenario.goal_radius=20"], r"^scenario\.route_length=20\.0: must be more than"),
        (
            ["network.random_shift=43"],
            r"^network\.random_shift=43: must be at least 0 and at most 42 \(half of the 84 pixels\)",
        ),
        (["network.random_shift=21", "observation.frame_size=40"], r"at most 20 \(half of the 40 pixels\)"),
        (["observation.frame_size=16"], r"^network\.convolutions: a kernel of 4 pixels on an image of 3"),
        (["~callbacks.alerts", "alerts.stop_on=[non_finite]"], r"^alerts\.stop_on=\['non_finite'\]: no callback reads it"),
        (["~callbacks.wandb", "logging.wandb_project=cars"], r"^logging\.wandb_project=cars: no callback reads it"),
        (["+reward.endings.fire=1.0"], r"^reward\.endings\.fire: there is no scenario\.endings\.fire"),
        (["~scenario.endings.goal"], r"^reward\.endings\.goal: there is no scenario\.endings\.goal"),
    ],
)
def test_keys_that_do_not_fit_together_are_refused(compose_config, overrides, words):
    with pytest.raises(ConfigError, match=words):
        compose_config(*overrides)


def test_a_replay_may_be_smaller_than_the_exploration_of_a_run_that_never_learns(compose_config):
    assert compose_config("algorithm.buffer_size=1000", "total_steps=2500").algorithm.buffer_size == 1000


# -- references between keys ------------------------------------------------------------------------------------------


def test_the_noise_stays_level_when_one_number_is_changed(compose_config):
    algorithm = compose_config("algorithm.exploration_noise=0.25").algorithm
    assert algorithm.exploration_noise_end == 0.25


def test_short_names_reach_what_they_stand_for(compose_config):
    config = compose_config(
        "reward.weights.progress=0.3",
        "reward.target_speed=20",
        "reward.collision=-7",
        "scenario.goal_radius=4",
        "scenario.off_road_patience=0.5",
        "scenario.out_of_lane_patience=2",
        "scenario.max_episode_steps=77",
    )
    terms, endings = config.reward.terms, config.scenario.endings
    assert terms["progress"].weight == 0.3
    assert {terms[name].target_speed for name in ("progress", "lane_centring", "efficiency")} == {20.0}
    assert config.reward.endings["collision"] == -7.0
    assert endings["goal"].radius == 4.0
    assert (endings["off_road"].off_road_patience, endings["off_road"].out_of_lane_patience) == (0.5, 2.0)
    assert endings["time_limit"].steps == 77


def test_the_whole_name_of_a_key_overrides_its_short_name(compose_config):
    reward = compose_config("reward.terms.progress.weight=0.3", "reward.weights.progress=0.5").reward
    assert reward.terms["progress"].weight == 0.3
    reward = compose_config("reward.terms.progress.target_speed=50", "reward.target_speed=20").reward
    assert (reward.terms["progress"].target_speed, reward.terms["efficiency"].target_speed) == (50.0, 20.0)
    assert compose_config("reward.endings.goal=1").reward.endings["goal"] == 1.0


BASE = ["name=test", "hardware.num_envs=2"]  # each of two nodes has an environment
COMPOSED = composed(BASE)
UNRESOLVED = OmegaConf.to_container(COMPOSED, resolve=False)
NAMED = {"alerts.custom"}  # holds keys of the user's own choice, and none by default
KEYS = [key for key in keys_of(UNRESOLVED) if not key.endswith("_target_") and key not in NAMED]
OTHER_TEXTS = {
    "replay.fill_with": "random",
    "name": "other",
    "resume": "outputs/a-run",
    "init_from": "outputs/a-run",
    "hardware.device": "cpu",
    "hardware.scratch": "/tmp",
    "scenario.town": "Town01",
    "scenario.vehicle": "vehicle.audi.tt",
    "scenario.validation_routes": "ring01_test",
    "scenario.test_routes": "ring01_test",
    "simulator.host": "localhost",
    "simulator.map_layers": ["Ground"],
    "logging.wandb_project": "mine",
    "hardware.slurm.partition": "gpu",
    "hardware.slurm.account": "mine",
    "hardware.slurm.setup": ["module load x"],
    "alerts.stop_on": ["non_finite"],
    "network.convolutions": [[16, 8, 4]],
    "network.hidden_dims": [64],
    "observation.vector.waypoints.distances": [7.0],
}


def value_at(node, key):
    for part in key.split("."):
        node = node[part]
    return node


def referring_to(key):
    """The keys that refer to ``key``, directly or indirectly."""
    direct = [other for other in KEYS if value_at(UNRESOLVED, other) == f"${{{key}}}"]
    return {key, *direct, *chain.from_iterable(referring_to(other) for other in direct)}


def other_values(key, value):
    """Other values for the key, some of which may be invalid."""
    if key in OTHER_TEXTS:
        return [OTHER_TEXTS[key]]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value + 0.5, value / 2.0, value - 0.5]
    if value is None:
        return [1]
    with pytest.raises(ConfigError, match="must be one of ") as refused:
        with_value(key, "no such word")
    words = str(refused.value).partition("must be one of ")[2].split(", ")
    return [word for word in words if word != value]


def with_value(key, value):
    config = copy.deepcopy(COMPOSED)
    with open_dict(config):
        OmegaConf.update(config, key, value, merge=False)
    return validated(config, Config)


@pytest.fixture(scope="module")
def default():
    return experiment(BASE).model_dump(mode="json")


@pytest.mark.parametrize("key", KEYS)
def test_every_key_reaches_the_objects_and_those_that_refer_to_it(default, key):
    """Changing a key changes it and the keys that refer to it, and no others."""
    for value in other_values(key, value_at(default, key)):
        try:
            changed = with_value(key, value).model_dump(mode="json")
        except ConfigError:
            continue
        found = {difference.key for difference in differences(default, changed)}
        assert found == referring_to(key)
        assert all(value_at(changed, other) == value for other in found)
        return
    pytest.fail("no other value is allowed")


def test_the_objects_hold_what_yaml_says_and_no_more(default):
    """YAML has every default, and every key reaches the config."""
    assert differences(OmegaConf.to_container(composed(BASE), resolve=True), default) == []


def test_without_a_camera_nothing_is_asked_of_an_encoder():
    convolutions = "network.convolutions=[[32,90,4]]"  # a kernel larger than the image
    config = experiment(["name=test", "observation=vector", "network.random_shift=4", convolutions])
    assert config.network.num_features(config.observation.image_shape) == 0
    with pytest.raises(ConfigError, match=r"network.convolutions: a kernel of 90 pixels"):
        experiment(["name=test", convolutions])


# -- YAML --------------------------------------------------------------------------------------------------------------


def test_every_key_is_commented_in_yaml():
    """Each key of the first file of a group has a comment."""
    bare = []
    for path in CONF.rglob("*.yaml"):
        text = path.read_text()
        assert text.startswith("#") or path.parent.name == "help", f"{path} does not say what it is for"
        if path.parent.name in ("help", "experiment", "routes") or (path.name != "config.yaml" and "defaults:" in text):
            continue  # says what differs from the file that it starts from
        keys = text.split("\nhydra:")[0].splitlines()
        # What refers to another key is commented there.
        said = [k for k in keys if "#" in k or "_target_" in k or re.search(r": \$\{[\w.]+\}$", k)]
        bare += [f"{path.name}: {k}" for k in keys if re.match(r"\s*\w+: *[^#\s]", k) and k not in said]
    assert bare == []


def test_targets_exist():
    found = []
    for path in CONF.rglob("*.yaml"):
        found += re.findall(r"_target_: ([\w.]+)", path.read_text())
    assert len(found) > 20
    assert all(get_class(name) for name in found)


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF.parent / "sweeps").glob("*.yaml")))
def test_every_sweep_is_made_of_runs_that_compose(compose_config, name):
    sweep = yaml.safe_load((CONF.parent / "sweeps" / f"{name}.yaml").read_text())
    swept = {key: str(values).split(",") for key, values in sweep["hydra"]["sweeper"]["params"].items()}
    for values in zip_longest(*swept.values()):
        overrides = [f"{key}={value}" for key, value in zip(swept, values, strict=True) if value is not None]
        assert isinstance(compose_config(f"+sweep={name}", *overrides), Config)


def test_our_launcher_asks_slurm_for_what_hardware_says():
    overrides = [
        "hydra/launcher=slurm",
        "hardware.slurm.partition=gpu",
        "hardware.slurm.parallel=3",
        "hardware.slurm.nodes=2",
        "hardware.slurm.setup=[ml x]",
    ]
    launcher = composed(overrides, hydra=True).hydra.launcher
    assert (launcher.partition, launcher.array_parallelism, launcher.setup) == ("gpu", 3, ["ml x"])
    assert launcher.max_num_timeout >= 1000
    assert get_class(launcher._target_).__name__ == "SlurmLauncher"
    assert launcher.detach is False
    assert (launcher.nodes, launcher.tasks_per_node) == (2, 1)
    assert list(launcher.srun_args) == ["--nodes=1", "--ntasks=1", "--cpus-per-task=8"]  # the learner is on one


@pytest.mark.parametrize(
    "override",
    [
        "hydra.launcher.detach=maybe",
        "hydra.launcher.detached=true",
        "hydra.launcher.nodes=two",
        "hydra.launcher.srun_args=--mem=0",
    ],
)
def test_an_unknown_key_or_a_wrong_type_of_the_launcher_is_refused(override):
    with pytest.raises(HydraException):
        composed(["hydra/launcher=slurm", override], hydra=True)


def test_every_key_of_the_scheduler_reaches_the_launcher():
    launcher = OmegaConf.to_container(composed(["hydra/launcher=slurm"], hydra=True).hydra.launcher, resolve=False)
    slurm = [key for key in KEYS if key.startswith("hardware.slurm.")]
    assert {f"${{{key}}}" for key in slurm} <= set(map(str, launcher.values()))


def test_a_composed_config_can_be_written_down_and_read_again(compose_config):
    for overrides in ((), ("action=steer_pedal_rate_limited", "algorithm=ddpg", "network=drq", "scenario=loop")):
        config = compose_config(*overrides)
        assert Config.model_validate(config.model_dump(mode="json")) == config
        assert Config.model_validate(config.model_dump()) == config
