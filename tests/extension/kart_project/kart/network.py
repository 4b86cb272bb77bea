"""An encoder without convolutions."""

from typing import TYPE_CHECKING, Annotated

from av_td3.config.limits import Interval
from av_td3.config.network import ImageShape, Network

if TYPE_CHECKING:
    from torch import nn


class PooledNetwork(Network):
    """Averages over squares of ``pool`` pixels."""

    pool: Annotated[int, Interval(1, 84, "pixels")]

    def outputs(self, image_shape: ImageShape) -> int:
        channels, height, width = image_shape
        return channels * (height // self.pool) * (width // self.pool)

    def body(self, image_shape: ImageShape) -> "nn.Module":
        from torch import nn

        return nn.Sequential(nn.AvgPool2d(self.pool), nn.Flatten())
