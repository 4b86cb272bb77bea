"""The base class of networks. Each encoder keeps its own keys in its own module, for example agents/convolutional.py."""

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


def has_image(image_shape: ImageShape) -> bool:
    """Whether an observation has an image, or its cameras give no channels because there are none."""
    return image_shape[0] > 0


class Network(Schema, ABC):
    """Encoders and heads of actor and critic.

    An encoder consists of a body, which maps pixels to a flat vector, and a trunk, which maps that vector to features. Without
    a camera there are no encoders, and the heads get the vector of the observation alone.

    Derive from it to add a body. Its own keys are the fields of the class, and ``_target_`` names the class.
    """

    gradient_routing: Literal["separate", "critic_owned", "entangled"]
    trunk: Literal["layernorm_tanh", "plain"]
    feature_dim: Width
    hidden_dims: Annotated[list[Width], Field(min_length=1, max_length=MAX_LAYERS)]
    random_shift: Annotated[int, Interval(0, 1000)]

    def num_features(self, image_shape: ImageShape) -> int:
        """How many features of an image the heads get; none without a camera.

        Args:
            image_shape: channels, height and width of the stacked frames.

        """
        return self.feature_dim if has_image(image_shape) else 0

    @abstractmethod
    def outputs(self, image_shape: ImageShape) -> int:
        """Compute the size of the body's output.

        Args:
            image_shape: channels, height and width of the stacked frames.

        Raises:
            ConfigError: the body cannot process images of this shape.

        """

    @abstractmethod
    def body(self, image_shape: ImageShape) -> "nn.Module":
        """Create the body.

        Args:
            image_shape: channels, height and width of the stacked frames.

        Returns:
            A module that maps pixels in [0, 1], (n, channels, height, width), float32 or bfloat16, to (n, outputs).

        """
