"""A learner and a network with keys of their own."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from av_td3.agents.compute import Compute
from av_td3.agents.td3 import TD3
from av_td3.agents.td3_config import TD3Config
from av_td3.config.experiment import Config
from av_td3.config.limits import Interval
from av_td3.config.network import ImageShape, Network


class CautiousTD3(TD3):
    """TD3 whose policy presses the pedals only so far."""

    config: "CautiousTD3Config"

    def act(self, observation: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The policy's action, its pedal bounded."""
        action = super().act(observation)
        return np.clip(action, (-1.0, -self.config.most_pedal), (1.0, self.config.most_pedal)).astype(np.float32)


class CautiousTD3Config(TD3Config):
    """TD3's keys, and one more."""

    most_pedal: Annotated[float, Interval(0.0, 1.0)]

    def build(self, config: Config, compute: Compute) -> TD3:
        return CautiousTD3.from_config(self, config, compute)


class PooledNetwork(Network):
    """An encoder that only averages over squares of pixels."""

    pool: Annotated[int, Interval(1, 84, "pixels")]

    def outputs(self, image_shape: ImageShape) -> int:
        channels, height, width = image_shape
        return channels * (height // self.pool) * (width // self.pool)

    def body(self, image_shape: ImageShape) -> nn.Module:
        return nn.Sequential(nn.AvgPool2d(self.pool), nn.Flatten())
