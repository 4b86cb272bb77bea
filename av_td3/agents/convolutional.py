"""What an encoder of convolutions is configured with."""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from av_td3.config.errors import ConfigError
from av_td3.config.network import ImageShape, Network

if TYPE_CHECKING:
    from torch import nn

MAX_CHANNELS = 4096


def _check_rows(rows: list[list[int]]) -> list[list[int]]:
    if not rows or any(len(row) != 3 or min(row) < 1 or max(row) > MAX_CHANNELS for row in rows):
        raise PydanticCustomError("not_allowed", f"must be rows of channels, kernel, stride, each 1 to {MAX_CHANNELS}")
    return rows


class ConvolutionalNetwork(Network):
    """Convolutions without padding, each with ReLU."""

    convolutions: Annotated[list[list[int]], AfterValidator(_check_rows)]

    def outputs(self, image_shape: ImageShape) -> int:
        """How many numbers the last convolution gives. Raises ConfigError where an image shrinks to nothing."""
        _, height, width = image_shape
        for _, kernel, stride in self.convolutions:
            side = min(height, width)
            if side < kernel:
                raise ConfigError(
                    f"network.convolutions: a kernel of {kernel} pixels on an image of {side}; use fewer or smaller"
                )
            height, width = (height - kernel) // stride + 1, (width - kernel) // stride + 1
        return self.convolutions[-1][0] * height * width

    def body(self, image_shape: ImageShape) -> "nn.Module":
        """The convolutions, flattened."""
        from av_td3.agents.networks import convolutions  # torch takes seconds to import

        return convolutions(image_shape[0], self.convolutions)
