"""What every network is configured with. The keys of one kind of encoder stand beside it, as in agents/convolutional.py."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from av_td3.config.limits import Interval
from av_td3.config.schema import Schema

if TYPE_CHECKING:
    from torch import nn

ImageShape = tuple[int, int, int]  # channels, height, width
Width = Annotated[int, Interval(1, 65536)]
MAX_LAYERS = 32


class Network(Schema, ABC):
    """Encoders and heads of actor and critic.

    An encoder is a body, which turns pixels into maps, and a trunk, which turns those into features. Derive from it to add
    another body, with its own keys as fields, and name the class under ``_target_``.
    """

    gradient_routing: Literal["separate", "critic_owned", "entangled"]
    trunk: Literal["layernorm_tanh", "plain"]
    feature_dim: Width
    hidden_dims: Annotated[list[Width], Field(min_length=1, max_length=MAX_LAYERS)]
    random_shift: Annotated[int, Interval(0, 1000)]

    @abstractmethod
    def outputs(self, image_shape: ImageShape) -> int:
        """How many numbers the body makes of an image. Raises ConfigError where it cannot take one of this shape."""

    @abstractmethod
    def body(self, image_shape: ImageShape) -> "nn.Module":
        """A module from float pixels (n, channels, height, width) in [0, 1] to (n, outputs)."""
