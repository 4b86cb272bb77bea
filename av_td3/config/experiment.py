"""The configuration of a run. The defaults are in ``conf/``."""

from typing import Annotated, Literal

from pydantic import model_validator

from av_td3.config.action import STEER_PEDAL, Action
from av_td3.config.alerts import Alerts, Gate
from av_td3.config.algorithm import Algorithm
from av_td3.config.callback import Callback
from av_td3.config.errors import ConfigError
from av_td3.config.hardware import Hardware
from av_td3.config.limits import Count, Form, Interval, Steps, Switch
from av_td3.config.network import Network, has_image
from av_td3.config.observation import Observation
from av_td3.config.render import Render
from av_td3.config.reward import Reward
from av_td3.config.scenario import Scenario
from av_td3.config.schema import ByTarget, Schema
from av_td3.config.simulator import Simulator
from av_td3.config.unused_folder import NAME

MIN_SLOTS = 10  # of the replay, per environment


class ReplayMemory(Schema):
    """Where the replay stores its camera frames, and what drives before learning starts."""

    storage: Literal["memory", "disk", "device"]
    fill_with: Literal["pure_pursuit", "random"] | None


class Evaluation(Schema):
    """Episodes without exploration noise, with their own seeds."""

    every_steps: Steps
    episodes: Count
    video_every_steps: Steps | None


class Checkpoint(Schema):
    """Interval and number of checkpoints."""

    every_steps: Steps
    keep: Count
    grace: Annotated[float, Interval(0.0, 86400.0, "seconds")]


class Logging(Schema):
    """Intervals of logging."""

    every_updates: Steps
    update_ratio_every: Steps
    wandb_project: str | None


class DrivingTask(Schema):
    """The sections that an environment is built from."""

    scenario: Annotated[Scenario, ByTarget()]
    observation: Annotated[Observation, ByTarget()]
    action: Annotated[Action, ByTarget()]
    reward: Annotated[Reward, ByTarget()]
    simulator: Annotated[Simulator, ByTarget()]
    render: Render

    @model_validator(mode="after")
    def _parts_fit(self) -> "DrivingTask":
        self.reward.check(list(self.scenario.endings))
        return self


class Config(DrivingTask):
    """The configuration of a run."""

    name: Annotated[str, Form(NAME.pattern, "a folder name of letters, digits and . _ -")]
    seed: Annotated[int, Interval(0, 2**32 - 1, "a 32-bit number")]
    total_steps: Steps
    resume: str | None
    resume_with_changes: Switch
    init_from: str | None
    algorithm: Annotated[Algorithm, ByTarget()]
    network: Annotated[Network, ByTarget()]
    hardware: Annotated[Hardware, ByTarget()]
    replay: ReplayMemory
    evaluation: Evaluation
    checkpoint: Checkpoint
    logging: Logging
    alerts: Alerts
    gate: Gate
    callbacks: dict[str, Annotated[Callback, ByTarget()]]

    @model_validator(mode="after")
    def _keys_fit(self) -> "Config":
        _check_replay(self)
        _check_fill(self)
        _check_image(self)
        _check_callbacks(self)
        _check_nodes(self)
        if self.alerts.explosion_critical < self.alerts.explosion_warning:
            raise ConfigError(
                f"alerts.explosion_critical={self.alerts.explosion_critical:g}: must be at least "
                f"alerts.explosion_warning={self.alerts.explosion_warning:g}"
            )
        return self


def _check_replay(config: Config) -> None:
    algorithm, environments = config.algorithm, config.hardware.num_envs
    if algorithm.buffer_size <= algorithm.learning_starts < config.total_steps:
        raise ConfigError(
            f"algorithm.buffer_size={algorithm.buffer_size}: must be more than "
            f"algorithm.learning_starts={algorithm.learning_starts}, or the replay overflows before learning starts"
        )
    if algorithm.buffer_size // environments < MIN_SLOTS:
        raise ConfigError(
            f"algorithm.buffer_size={algorithm.buffer_size}: must be at least {MIN_SLOTS} for each of the "
            f"hardware.num_envs={environments} environments"
        )


def _check_fill(config: Config) -> None:
    """Pure pursuit chooses steer and pedal; random actions have as many components as the action."""
    names = config.action.names
    if config.replay.fill_with == "pure_pursuit" and names != STEER_PEDAL:
        raise ConfigError(
            f"replay.fill_with=pure_pursuit: chooses {' and '.join(STEER_PEDAL)}, and {type(config.action).__name__} has the "
            f"component{'s' if len(names) > 1 else ''} {', '.join(names)}; use random or null"
        )


def _check_callbacks(config: Config) -> None:
    """Keys that only a callback reads must not be silently without effect."""
    served = {key for callback in config.callbacks.values() for key in callback.serves}
    values = {
        "alerts.stop_on": config.alerts.stop_on,
        "alerts.custom": list(config.alerts.custom),
        "logging.wandb_project": config.logging.wandb_project,
    }
    for key, value in values.items():
        if value and key not in served:
            raise ConfigError(f"{key}={value}: no callback reads it; conf/callbacks/standard.yaml has one that does")


def _check_nodes(config: Config) -> None:
    nodes, environments = config.hardware.slurm.nodes, config.hardware.num_envs
    if nodes > environments:
        raise ConfigError(
            f"hardware.slurm.nodes={nodes}: each node runs the simulator of an environment, and hardware.num_envs="
            f"{environments}; set that to {nodes} or more"
        )
    if nodes > 1 and config.simulator.is_shared:
        raise ConfigError(
            f"hardware.slurm.nodes={nodes}: this simulator is started by others; name its servers in simulator.servers, or use "
            "simulator=carla_binary or carla_apptainer"
        )


def _check_image(config: Config) -> None:
    _, height, width = shape = config.observation.image_shape
    if not has_image(shape):
        return
    config.network.outputs(shape)
    half = min(height, width) // 2
    if config.network.random_shift > half:
        raise ConfigError(
            f"network.random_shift={config.network.random_shift}: must be at least 0 and at most {half} (half of the "
            f"{min(height, width)} pixels)"
        )
