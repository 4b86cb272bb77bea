"""What a run can be told: the types and ranges behind ``conf/``.

YAML holds every default; the classes here hold none. ``validated`` turns a composed config into these objects, or says in
one line which key is wrong, what it was given and what it takes.
"""

import dataclasses
import math
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.unused_folder import register_resolver


class ConfigError(ValueError):
    """A run that was told something it cannot do. The message is one line that names the key."""


@dataclass(frozen=True)
class Interval:
    """The numbers that a key takes."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        return above and (value < self.high if self.open_high else value <= self.high)

    def __str__(self) -> str:
        low = "" if self.low == -math.inf else f"{'more than' if self.open_low else 'at least'} {self.low:g}"
        high = "" if self.high == math.inf else f"{'less than' if self.open_high else 'at most'} {self.high:g}"
        return " and ".join(part for part in (low, high) if part)


@dataclass(frozen=True)
class Choice:
    """The words that a key takes."""

    words: tuple[str, ...]

    def __contains__(self, value: str) -> bool:
        return value in self.words

    def __str__(self) -> str:
        return "one of " + ", ".join(self.words)


CONF = Path(__file__).resolve().parents[1] / "conf"  # every default, with its comment
ALERTS = (
    *(f"{who}gradient_explosion_{level}" for who in ("", "critic_") for level in ("warning", "critical")),
    *("clip_violation", "dead_gradient", "action_saturation", "q_divergence", "actor_critic_disagreement", "non_finite"),
)
POSITIVE = Interval(0.0, open_low=True)
NON_NEGATIVE = Interval(0.0)
AT_LEAST_ONE = Interval(1)
SHARE = Interval(0.0, 1.0)
PORT = Interval(0, 65534)
LEAST_LANE = 10  # slots of the replay that an environment needs


def takes(allowed: Interval | Choice) -> Any:
    """A key without a default (YAML has it) that takes only these values."""
    return field(default=MISSING, metadata={"allowed": allowed})


@dataclass
class GradientClipping:
    """How gradients are limited before each optimizer step."""

    enabled: bool = MISSING
    actor_max_norm: float = takes(POSITIVE)
    critic_max_norm: float = takes(POSITIVE)
    norm_type: float = takes(Interval(1.0))
    scope: str = takes(Choice(("joint", "per_module")))


@dataclass
class Algorithm:
    """The learner: TD3's numbers."""

    _target_: str = MISSING
    optimizer: str = takes(Choice(("adam", "adamw", "sgd")))
    weight_decay: float = takes(NON_NEGATIVE)
    actor_lr: float = takes(POSITIVE)
    critic_lr: float = takes(POSITIVE)
    actor_cnn_lr: float = takes(POSITIVE)
    critic_cnn_lr: float = takes(POSITIVE)
    discount: float = takes(Interval(0.0, 1.0, open_high=True))
    tau: float = takes(Interval(0.0, 1.0, open_low=True))
    policy_noise: float = takes(NON_NEGATIVE)
    noise_clip: float = takes(NON_NEGATIVE)
    policy_freq: int = takes(AT_LEAST_ONE)
    critics: int = takes(Interval(1, 2))
    n_step: int = takes(AT_LEAST_ONE)
    reward_normalization: bool = MISSING
    pre_tanh_penalty: float = takes(NON_NEGATIVE)
    batch_size: int = takes(AT_LEAST_ONE)
    buffer_size: int = takes(Interval(10))
    learning_starts: int = takes(NON_NEGATIVE)
    random_action_steps: int = takes(AT_LEAST_ONE)
    train_freq: int = takes(AT_LEAST_ONE)
    gradient_steps: int = takes(AT_LEAST_ONE)
    exploration_noise: float = takes(NON_NEGATIVE)
    exploration_noise_end: float = takes(NON_NEGATIVE)
    exploration_noise_steps: int = takes(AT_LEAST_ONE)
    gradient_clipping: GradientClipping = field(default_factory=GradientClipping)


@dataclass
class Network:
    """Encoders and heads of actor and critic."""

    gradient_routing: str = takes(Choice(("separate", "critic_owned", "entangled")))
    convolutions: list[list[int]] = MISSING
    trunk: str = takes(Choice(("layernorm_tanh", "plain")))
    feature_dim: int = takes(AT_LEAST_ONE)
    hidden_dims: list[int] = MISSING
    random_shift: int = takes(NON_NEGATIVE)


@dataclass
class CameraMount:
    """Where the camera sits on the car, and its view."""

    x: float = MISSING
    z: float = takes(POSITIVE)
    pitch: float = takes(Interval(-89.0, 89.0))
    fov: float = takes(Interval(10.0, 170.0))


@dataclass
class Scenario:
    """The task of an episode."""

    town: str | None = MISSING
    spawn_point: int | None = takes(NON_NEGATIVE)
    route_length: float = takes(POSITIVE)
    vehicle: str = MISSING
    npc_vehicles: int = takes(NON_NEGATIVE)
    weather: str = MISSING
    max_episode_steps: int = takes(AT_LEAST_ONE)
    warmup_ticks: int = takes(AT_LEAST_ONE)
    goal_radius: float = takes(POSITIVE)
    off_road_patience: float = takes(NON_NEGATIVE)
    out_of_lane_patience: float = takes(NON_NEGATIVE)
    camera: CameraMount = field(default_factory=CameraMount)


@dataclass
class Reward:
    """What the agent is paid for."""

    terms: dict[str, str] = MISSING
    weights: dict[str, float] = MISSING
    target_speed: float = takes(POSITIVE)
    collision: float = MISSING
    off_road: float = MISSING
    wrong_way: float = MISSING
    goal: float = MISSING
    clip: float = takes(POSITIVE)


@dataclass
class Simulator:
    """Where the world comes from."""

    _target_: str = MISSING
    host: str = MISSING
    port: int = takes(PORT)
    fixed_delta_seconds: float = takes(Interval(0.0, 0.1, open_low=True))
    timeout: float = takes(POSITIVE)
    start_timeout: float = takes(POSITIVE)
    tick_rescue_after: float = takes(POSITIVE)
    max_restarts: int = takes(NON_NEGATIVE)
    reload_each_episode: bool = MISSING


@dataclass
class Slurm:
    """What a job asks of the scheduler."""

    partition: str | None = MISSING
    account: str | None = MISSING
    timeout_min: int = takes(AT_LEAST_ONE)
    cpus: int = takes(AT_LEAST_ONE)
    gpus: int | None = takes(NON_NEGATIVE)
    mem_gb: int | None = takes(AT_LEAST_ONE)
    parallel: int = takes(AT_LEAST_ONE)
    signal_delay: int = takes(AT_LEAST_ONE)
    setup: list[str] = MISSING


@dataclass
class Hardware:
    """What the run computes on."""

    device: str = MISSING
    precision: str = takes(Choice(("auto", "fp32", "bf16")))
    compile: bool = MISSING
    num_envs: int = takes(AT_LEAST_ONE)
    threads: int | None = takes(AT_LEAST_ONE)
    slurm: Slurm = field(default_factory=Slurm)


@dataclass
class ReplayMemory:
    """Where the replay keeps its camera frames."""

    storage: str = takes(Choice(("memory", "disk", "device")))


@dataclass
class Evaluation:
    """Episodes without exploration noise, on seeds of their own."""

    every_steps: int = takes(AT_LEAST_ONE)
    episodes: int = takes(AT_LEAST_ONE)


@dataclass
class Checkpoint:
    """Saved states of the learner."""

    every_steps: int = takes(AT_LEAST_ONE)
    keep: int = takes(AT_LEAST_ONE)
    grace: float = takes(NON_NEGATIVE)


@dataclass
class Logging:
    """What is written how often."""

    every_updates: int = takes(AT_LEAST_ONE)
    update_ratio_every: int = takes(AT_LEAST_ONE)
    wandb_project: str | None = MISSING


@dataclass
class Alerts:
    """When an update counts as gone wrong."""

    explosion_warning: float = takes(POSITIVE)
    explosion_critical: float = takes(POSITIVE)
    clip_tolerance: float = takes(NON_NEGATIVE)
    dead_updates: int = takes(AT_LEAST_ONE)
    max_q: float = takes(POSITIVE)
    saturation_level: float = takes(SHARE)
    saturation_share: float = takes(SHARE)
    disagreement_ratio: float = takes(POSITIVE)
    max_non_finite: int = takes(AT_LEAST_ONE)
    quiet_points: int = takes(AT_LEAST_ONE)
    stop_on: list[str] = MISSING


@dataclass
class Gate:
    """What a run must show before the next, more expensive one."""

    min_updates: int = takes(NON_NEGATIVE)
    max_actor_loss: float = takes(POSITIVE)
    max_actor_loss_growth: float = takes(Interval(1.0, open_low=True))
    max_grad_norm: float = takes(POSITIVE)
    max_disagreement: float = takes(POSITIVE)
    max_q: float = takes(POSITIVE)
    max_twin_gap: float = takes(POSITIVE)
    max_critic_loss: float = takes(POSITIVE)
    min_episode_ratio: float = takes(SHARE)


@dataclass
class Config:
    """One experiment."""

    name: str = MISSING
    seed: int = takes(NON_NEGATIVE)
    total_steps: int = takes(AT_LEAST_ONE)
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
    _check_ranges(config, "")
    _check_combinations(config)
    return config


def read_gate(name: str) -> Gate:
    """The gate of ``conf/gate/<name>.yaml``, or of a YAML file of one's own. Raises ConfigError."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else CONF / "gate" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (CONF / "gate").glob("*.yaml")))
        raise ConfigError(f"gate {name}: no such file {path}; there are {known}, or name a .yaml file")
    try:
        return gate_from(OmegaConf.load(path))
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"gate {name}: {' '.join(str(error).split())}") from error


def gate_from(content: Any) -> Gate:
    """A gate from its numbers by name. Raises ConfigError, and OmegaConf's errors for what has another type."""
    gate = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Gate), content))
    assert isinstance(gate, Gate)
    _check_ranges(gate, "gate.")
    return gate


def _check_ranges(node: Any, path: str) -> None:
    for item in dataclasses.fields(node):
        value, key = getattr(node, item.name), f"{path}{item.name}"
        allowed = item.metadata.get("allowed")
        if dataclasses.is_dataclass(value):
            _check_ranges(value, f"{key}.")
        elif allowed is not None and value is not None and value not in allowed:
            raise ConfigError(f"{key}={value}: must be {allowed}")
        elif isinstance(value, float) and math.isnan(value):
            raise ConfigError(f"{key}={value}: must be a number")


def _check_combinations(config: Config) -> None:
    if not config.network.hidden_dims or any(width < 1 for width in config.network.hidden_dims):
        raise ConfigError(f"network.hidden_dims={config.network.hidden_dims}: must be one or more layer widths of at least 1")
    if config.algorithm.buffer_size <= config.algorithm.learning_starts < config.total_steps:
        raise ConfigError(
            f"algorithm.buffer_size={config.algorithm.buffer_size}: must be more than "
            f"algorithm.learning_starts={config.algorithm.learning_starts}, or the replay overflows before learning starts"
        )
    if not config.network.convolutions or any(len(layer) != 3 or min(layer) < 1 for layer in config.network.convolutions):
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
    for alert in config.alerts.stop_on:
        if alert not in ALERTS:
            raise ConfigError(f"alerts.stop_on={config.alerts.stop_on}: {alert} is none of {', '.join(ALERTS)}")
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
