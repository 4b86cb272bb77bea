"""What a run can be told: the types and ranges behind ``conf/``.

YAML holds every default; the classes here hold none. ``validated`` turns a composed config into these objects, or says in
one line which key is wrong, what it was given and what it takes.
"""

import dataclasses
import difflib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config.limits import Choice, Form, Interval, first_refused, takes
from av_td3.config.unused_folder import NAME, register_resolver
from av_td3.metrics import ALERTS


class ConfigError(ValueError):
    """A run that was told something it cannot do. The message is one line that names the key."""


CONF = Path(__file__).resolve().parents[2] / "conf"  # every default, with its comment
LEAST_LANE = 10  # slots of the replay that an environment needs
SYNONYMS = {"learning_rate": "lr", "gamma": "discount", "gama": "discount"}
MOST_LAYERS, MOST_CHANNELS = 32, 4096

# Bounds that no sensible experiment meets: what lies beyond is a slip of the keyboard, or ends in an overflow later.
STEPS = Interval(1, 1e12)
COUNT = Interval(1, 1e6)
LEARNING_RATE = Interval(0.0, 1.0, "Adam moves each weight by about this much per update", open_low=True)
NOISE = Interval(0.0, 2.0, "actions lie between -1 and 1")
MAX_NORM = Interval(0.0, 1e30, open_low=True, infinite=True)  # inf: no clipping
THRESHOLD = Interval(0.0, 1e30, open_low=True)
SHARE = Interval(0.0, 1.0)
PORT = Interval(0, 65534)
WAIT = Interval(0.1, 3600.0, "seconds")
PATIENCE = Interval(0.0, 3600.0, "seconds")
WEIGHT = Interval(-1000.0, 1000.0)
OUTCOME = Interval(-1e4, 1e4)
CLASS = Form(r"[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)+", "the dotted name of a class, package.module.Class")
FUNCTION = Form(r"[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)+", "the dotted name of a function, package.module.function")
WEATHERS = (  # the presets of carla.WeatherParameters in CARLA 0.9.16
    *("ClearNight", "ClearNoon", "ClearSunset", "CloudyNight", "CloudyNoon", "CloudySunset", "Default", "DustStorm"),
    *("HardRainNight", "HardRainNoon", "HardRainSunset", "MidRainSunset", "MidRainyNight", "MidRainyNoon"),
    *("SoftRainNight", "SoftRainNoon", "SoftRainSunset", "WetCloudyNight", "WetCloudyNoon", "WetCloudySunset"),
    *("WetNight", "WetNoon", "WetSunset"),
)


@dataclass
class GradientClipping:
    """How gradients are limited before each optimizer step."""

    enabled: bool = MISSING
    actor_max_norm: float = takes(MAX_NORM)
    critic_max_norm: float = takes(MAX_NORM)
    norm_type: float = takes(Interval(1.0, 100.0, infinite=True))
    scope: str = takes(Choice(("joint", "per_module")))


@dataclass
class Algorithm:
    """The learner: TD3's numbers."""

    _target_: str = takes(CLASS)
    optimizer: str = takes(Choice(("adam", "adamw", "sgd")))
    weight_decay: float = takes(Interval(0.0, 1.0))
    actor_lr: float = takes(LEARNING_RATE)
    critic_lr: float = takes(LEARNING_RATE)
    actor_cnn_lr: float = takes(LEARNING_RATE)
    critic_cnn_lr: float = takes(LEARNING_RATE)
    discount: float = takes(Interval(0.0, 1.0, open_high=True))
    tau: float = takes(Interval(0.0, 1.0, open_low=True))
    policy_noise: float = takes(NOISE)
    noise_clip: float = takes(NOISE)
    policy_freq: int = takes(COUNT)
    critics: int = takes(Interval(1, 2))
    n_step: int = takes(Interval(1, 100))
    reward_normalization: bool = MISSING
    pre_tanh_penalty: float = takes(Interval(0.0, 1000.0))
    batch_size: int = takes(COUNT)
    buffer_size: int = takes(Interval(10, 1e9))
    learning_starts: int = takes(Interval(0, 1e9))
    random_action_steps: int = takes(COUNT)
    train_freq: int = takes(COUNT)
    gradient_steps: int = takes(COUNT)
    exploration_noise: float = takes(NOISE)
    exploration_noise_end: float = takes(NOISE)
    exploration_noise_steps: int = takes(STEPS)
    gradient_clipping: GradientClipping = field(default_factory=GradientClipping)


@dataclass
class Network:
    """Encoders and heads of actor and critic."""

    gradient_routing: str = takes(Choice(("separate", "critic_owned", "entangled")))
    convolutions: list[list[int]] = MISSING
    trunk: str = takes(Choice(("layernorm_tanh", "plain")))
    feature_dim: int = takes(Interval(1, 65536))
    hidden_dims: list[int] = takes(Interval(1, 65536))
    random_shift: int = takes(Interval(0, 42, "half of the 84 pixels"))


@dataclass
class CameraMount:
    """Where the camera sits on the car, and its view."""

    x: float = takes(Interval(-100.0, 100.0))
    z: float = takes(Interval(0.0, 100.0, open_low=True))
    pitch: float = takes(Interval(-89.0, 89.0))
    fov: float = takes(Interval(10.0, 170.0))


@dataclass
class Scenario:
    """The task of an episode."""

    town: str | None = takes(Form(r"[\w/.-]+", "the name of a map, such as Town01"))
    spawn_point: int | None = takes(Interval(0, 1e6))
    route_length: float = takes(Interval(10.0, 1e5, "metres"))
    vehicle: str = takes(Form(r"vehicle\.[\w.-]+", "a blueprint of a vehicle, such as vehicle.tesla.model3"))
    npc_vehicles: int = takes(Interval(0, 500))
    weather: str = takes(Choice(WEATHERS))
    max_episode_steps: int = takes(COUNT)
    warmup_ticks: int = takes(Interval(1, 1000))
    goal_radius: float = takes(Interval(0.0, 100.0, "metres", open_low=True))
    off_road_patience: float = takes(PATIENCE)
    out_of_lane_patience: float = takes(PATIENCE)
    camera: CameraMount = field(default_factory=CameraMount)


@dataclass
class Reward:
    """What the agent is paid for."""

    terms: dict[str, str] = takes(FUNCTION)
    weights: dict[str, float] = takes(WEIGHT)
    target_speed: float = takes(Interval(1.0, 300.0, "km/h"))
    collision: float = takes(OUTCOME)
    off_road: float = takes(OUTCOME)
    wrong_way: float = takes(OUTCOME)
    goal: float = takes(OUTCOME)
    clip: float = takes(Interval(0.0, 1e4, open_low=True))


@dataclass
class Simulator:
    """Where the world comes from."""

    _target_: str = takes(CLASS)
    host: str = takes(Form(r"[\w.:-]+", "a host name or address"))
    port: int = takes(PORT)
    fixed_delta_seconds: float = takes(Interval(0.001, 0.1, "seconds; CARLA's physics needs at most 0.1"))
    timeout: float = takes(WAIT)
    start_timeout: float = takes(Interval(1.0, 3600.0, "seconds"))
    tick_rescue_after: float = takes(WAIT)
    max_restarts: int = takes(Interval(0, 1e6))
    reload_each_episode: bool = MISSING


@dataclass
class Slurm:
    """What a job asks of the scheduler."""

    partition: str | None = MISSING
    account: str | None = MISSING
    timeout_min: int = takes(COUNT)
    cpus: int = takes(COUNT)
    gpus: int | None = takes(Interval(0, 1e6))
    mem_gb: int | None = takes(COUNT)
    parallel: int = takes(COUNT)
    signal_delay: int = takes(COUNT)
    setup: list[str] = MISSING


@dataclass
class Hardware:
    """What the run computes on."""

    device: str = takes(Form(r"auto|cpu|(cuda|xpu)(:\d+)?|mps", "auto, cpu, cuda, cuda:N, xpu, xpu:N or mps"))
    precision: str = takes(Choice(("auto", "fp32", "bf16")))
    compile: bool = MISSING
    num_envs: int = takes(Interval(1, 128))
    threads: int | None = takes(Interval(1, 1024))
    slurm: Slurm = field(default_factory=Slurm)


@dataclass
class ReplayMemory:
    """Where the replay keeps its camera frames."""

    storage: str = takes(Choice(("memory", "disk", "device")))


@dataclass
class Evaluation:
    """Episodes without exploration noise, on seeds of their own."""

    every_steps: int = takes(STEPS)
    episodes: int = takes(COUNT)


@dataclass
class Checkpoint:
    """Saved states of the learner."""

    every_steps: int = takes(STEPS)
    keep: int = takes(COUNT)
    grace: float = takes(Interval(0.0, 86400.0, "seconds"))


@dataclass
class Logging:
    """What is written how often."""

    every_updates: int = takes(STEPS)
    update_ratio_every: int = takes(STEPS)
    wandb_project: str | None = MISSING


@dataclass
class Alerts:
    """When an update counts as gone wrong."""

    explosion_warning: float = takes(THRESHOLD)
    explosion_critical: float = takes(THRESHOLD)
    clip_tolerance: float = takes(Interval(0.0, 1.0))
    dead_updates: int = takes(STEPS)
    max_q: float = takes(THRESHOLD)
    saturation_level: float = takes(SHARE)
    saturation_share: float = takes(SHARE)
    disagreement_ratio: float = takes(THRESHOLD)
    max_non_finite: int = takes(STEPS)
    quiet_points: int = takes(STEPS)
    stop_on: list[str] = takes(Choice(ALERTS))


@dataclass
class Gate:
    """What a run must show before the next, more expensive one."""

    min_updates: int = takes(Interval(0, 1e12))
    max_actor_loss: float = takes(THRESHOLD)
    max_actor_loss_growth: float = takes(Interval(1.0, 1e30, open_low=True))
    max_grad_norm: float = takes(THRESHOLD)
    max_disagreement: float = takes(THRESHOLD)
    max_q: float = takes(THRESHOLD)
    max_twin_gap: float = takes(THRESHOLD)
    max_critic_loss: float = takes(THRESHOLD)
    min_episode_ratio: float = takes(SHARE)


@dataclass
class Config:
    """One experiment."""

    name: str = takes(Form(NAME.pattern, "a folder name of letters, digits and . _ -"))
    seed: int = takes(Interval(0, 2**32 - 1, "a 32-bit number"))
    total_steps: int = takes(STEPS)
    resume_with_changes: bool = MISSING
    algorithm: Algorithm = field(default_factory=Algorithm)
    network: Network = field(default_factory=Network)
    scenario: Scenario = field(default_factory=Scenario)
    reward: Reward = field(default_factory=Reward)
    simulator: Simulator = field(default_factory=Simulator)
    hardware: Hardware = field(default_factory=Hardware)
    replay: ReplayMemory = field(default_factory=ReplayMemory)
    evaluation: Evaluation = field(default_factory=Evaluation)
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    logging: Logging = field(default_factory=Logging)
    alerts: Alerts = field(default_factory=Alerts)
    gate: Gate = field(default_factory=Gate)


def register_schema() -> None:
    """Make the types known to Hydra; conf/config.yaml starts from them, and from the names of unused folders."""
    register_resolver()
    ConfigStore.instance().store(name="schema", node=Config)


def validated(composed: DictConfig) -> Config:
    """The typed config of a run. Raises ConfigError naming the first wrong key."""
    try:
        config = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(" ".join(str(error).split())) from error
    assert isinstance(config, Config)
    _check_keys(composed, Config, "")
    _check_ranges(config, "")
    _check_combinations(config)
    return config


def default_alerts() -> DictConfig:
    """The section ``alerts`` of conf/config.yaml, as it stands there."""
    alerts: DictConfig = OmegaConf.load(CONF / "config.yaml").alerts
    return alerts


def read_gate(name: str, alerts: Mapping[str, Any] | None = None) -> Gate:
    """The gate of ``conf/gate/<name>.yaml``, or of a YAML file of one's own. Raises ConfigError.

    ``alerts``: as in ``gate_from``.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else CONF / "gate" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (CONF / "gate").glob("*.yaml")))
        raise ConfigError(f"gate {name}: no such file {path}; there are {known}, or name a .yaml file")
    try:
        return gate_from(OmegaConf.load(path), alerts)
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"gate {name}: {' '.join(str(error).split())}") from error


def gate_from(content: Any, alerts: Mapping[str, Any] | None = None) -> Gate:
    """A gate from its thresholds by name, numbers or references such as ``${alerts.max_q}``.

    ``alerts``: a run's own thresholds by name, which references are looked up in; the default ones stand in for the rest.
    Raises ConfigError, and OmegaConf's errors for what has another type.
    """
    config = OmegaConf.create({"alerts": OmegaConf.merge(default_alerts(), alerts or {})})
    config.gate = OmegaConf.merge(OmegaConf.structured(Gate), content)
    gate = OmegaConf.to_object(config.gate)
    assert isinstance(gate, Gate)
    _check_ranges(gate, "gate.")
    return gate


def _check_keys(node: DictConfig, schema: type, path: str) -> None:
    """Refuse what ``+key=value`` has added beside the schema."""
    hints = typing.get_type_hints(schema)
    for name in map(str, node):
        if name not in hints:
            raise ConfigError(unknown_key(f"{path}{name}"))
        if dataclasses.is_dataclass(hints[name]):
            _check_keys(node[name], hints[name], f"{path}{name}.")


def _check_ranges(node: Any, path: str) -> None:
    for item in dataclasses.fields(node):
        value, key = getattr(node, item.name), f"{path}{item.name}"
        if dataclasses.is_dataclass(value):
            _check_ranges(value, f"{key}.")
            continue
        if value == MISSING:
            raise ConfigError(f"{key}: has no value; it may not be deleted")
        allowed = item.metadata.get("allowed")
        refused = first_refused(allowed, value) if allowed is not None else None
        if refused is not None:
            name, wrong = refused
            raise ConfigError(f"{key}{'.' if name else ''}{name}={wrong}: must be {allowed}")


def _check_combinations(config: Config) -> None:
    if not 1 <= len(config.network.hidden_dims) <= MOST_LAYERS:
        raise ConfigError(f"network.hidden_dims={config.network.hidden_dims}: must be 1 to {MOST_LAYERS} layer widths")
    if config.algorithm.buffer_size <= config.algorithm.learning_starts < config.total_steps:
        raise ConfigError(
            f"algorithm.buffer_size={config.algorithm.buffer_size}: must be more than "
            f"algorithm.learning_starts={config.algorithm.learning_starts}, or the replay overflows before learning starts"
        )
    if not config.network.convolutions or any(
        len(layer) != 3 or min(layer) < 1 or max(layer) > MOST_CHANNELS for layer in config.network.convolutions
    ):
        raise ConfigError(f"network.convolutions={config.network.convolutions}: must be rows of channels, kernel, stride")
    if config.algorithm.buffer_size // config.hardware.num_envs < LEAST_LANE:
        raise ConfigError(
            f"algorithm.buffer_size={config.algorithm.buffer_size}: must be at least {LEAST_LANE} for each of the "
            f"hardware.num_envs={config.hardware.num_envs} environments"
        )
    unknown = set(config.reward.weights) ^ set(config.reward.terms)
    if unknown:
        name = sorted(unknown)[0]
        raise ConfigError(f"reward.weights.{name}: every term in reward.terms needs a weight, and every weight a term")
    if config.scenario.route_length <= config.scenario.goal_radius:
        raise ConfigError(
            f"scenario.route_length={config.scenario.route_length}: must be more than "
            f"scenario.goal_radius={config.scenario.goal_radius}, or each episode begins at its goal"
        )
    if config.alerts.explosion_critical < config.alerts.explosion_warning:
        raise ConfigError(
            f"alerts.explosion_critical={config.alerts.explosion_critical:g}: must be at least "
            f"alerts.explosion_warning={config.alerts.explosion_warning:g}"
        )


def all_keys(node: Any = Config, path: str = "") -> list[str]:
    """The dotted names of all leaf keys, for suggestions and tests."""
    out = []
    hints = typing.get_type_hints(node)
    for item in dataclasses.fields(node):
        kind = hints[item.name]
        if dataclasses.is_dataclass(kind):
            out += all_keys(kind, f"{path}{item.name}.")
        else:
            out.append(f"{path}{item.name}")
    return out


def unknown_key(key: str) -> str:
    """What to say of a key that is not there: with the nearest one that is."""
    near = _nearest(key)
    return f"{key}: no such key" + (f"; did you mean {near}?" if near else "; conf/ lists them all")


def _nearest(key: str) -> str | None:
    """A key that ends in a word like the last one of ``key``, in the same place if there is one; else the most alike."""
    place, _, word = key.rpartition(".")
    word = SYNONYMS.get(word, word)
    similar = [k for k in all_keys() if f"_{word}_" in f"_{k.rpartition('.')[2]}_" and k.startswith(place)]
    if similar:
        return min(similar, key=lambda k: (k.count("."), len(k), k))
    near = difflib.get_close_matches(key, all_keys(), n=1, cutoff=0.6)
    return near[0] if near else None
