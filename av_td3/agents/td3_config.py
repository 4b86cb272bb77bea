"""What TD3 and DDPG are configured with."""

from typing import TYPE_CHECKING, Annotated, Literal

from av_td3.config.algorithm import Algorithm, Noise
from av_td3.config.limits import Count, Interval, Switch
from av_td3.config.schema import Schema

if TYPE_CHECKING:
    from av_td3.agents.agent import Agent
    from av_td3.agents.compute import Compute
    from av_td3.config.experiment import Config

LearningRate = Annotated[float, Interval(0.0, 1.0, "Adam moves each weight by about this much per update", open_low=True)]
MaxNorm = Annotated[float, Interval(0.0, 1e30, open_low=True, infinite=True)]  # inf: no clipping


class GradientClipping(Schema):
    """How gradients are limited before each optimizer step."""

    enabled: Switch
    actor_max_norm: MaxNorm
    critic_max_norm: MaxNorm
    norm_type: Annotated[float, Interval(1.0, 100.0, infinite=True)]
    scope: Literal["joint", "per_module"]


class TD3Config(Algorithm):
    """TD3's own keys."""

    optimizer: Literal["adam", "adamw", "sgd"]
    weight_decay: Annotated[float, Interval(0.0, 1.0)]
    actor_lr: LearningRate
    critic_lr: LearningRate
    actor_cnn_lr: LearningRate
    critic_cnn_lr: LearningRate
    lr_end_factor: Annotated[float, Interval(0.0, 1.0)]
    tau: Annotated[float, Interval(0.0, 1.0, open_low=True)]
    policy_noise: Noise
    noise_clip: Noise
    policy_freq: Count
    critics: Annotated[int, Interval(1, 2)]
    pre_tanh_penalty: Annotated[float, Interval(0.0, 1000.0)]
    gradient_clipping: GradientClipping

    def build(self, config: "Config", compute: "Compute") -> "Agent":
        """TD3 with fresh weights, which follow from the seed."""
        from av_td3.agents.td3 import TD3  # torch takes seconds to import; an invalid configuration should not wait for it

        return TD3.from_config(self, config, compute)
