"""What the agent sees: the shapes that follow from the configuration, once and for everybody."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from av_td3.config.limits import Interval
from av_td3.config.schema import ByTarget, Schema

Color = Literal["gray", "rgb"]


class Camera(Schema, ABC):
    """A camera on the car. Derive from it to add another kind, with its own keys as fields."""

    blueprint: ClassVar[str]  # of CARLA's library

    @abstractmethod
    def mount(self) -> tuple[float, float, float, float, float]:
        """Where it sits: x, y, z (m ahead, right, above of the car's centre), pitch and yaw (degrees)."""

    @abstractmethod
    def attributes(self, size: int) -> dict[str, str]:
        """The blueprint's attributes for a frame of ``size`` pixels on each side."""

    @abstractmethod
    def channels(self, color: Color) -> int:
        """How many channels its frame has."""

    @abstractmethod
    def frame(self, image: NDArray[np.uint8], size: int, color: Color) -> NDArray[np.uint8]:
        """uint8 (channels, size, size) from what the sensor sent: uint8 (height, width, 4), blue, green, red, alpha."""


class VectorEntry(Schema, ABC):
    """One number of the vector observation, or a few. Derive from it to add another, with its own keys as fields."""

    @abstractmethod
    def __call__(self, state: Any) -> NDArray[np.float64]:
        """float64 (n,): what is seen of a DrivingState, scaled so that it spreads by about 1 while driving."""

    def labels(self, name: str) -> tuple[str, ...]:
        """The names of its n numbers, where the configuration calls it ``name``."""
        return (name,)


class Observation(Schema):
    """The newest frames of some cameras, and numbers. Derive from it for other keys."""

    frame_size: Annotated[int, Interval(16, 512, "pixels")]
    stack: Annotated[int, Interval(1, 16, "frames")]
    color: Color
    cameras: Annotated[dict[str, Annotated[Camera, ByTarget()]], Field(min_length=1)]
    vector: Annotated[dict[str, Annotated[VectorEntry, ByTarget()]], Field(min_length=1)]
    bound: Annotated[float, Interval(1.0, 1e6)]

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of what all cameras add in one step, one camera's channels after the other's."""
        channels = sum(camera.channels(self.color) for camera in self.cameras.values())
        return channels, self.frame_size, self.frame_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the stacked frames."""
        channels, height, width = self.frame_shape
        return self.stack * channels, height, width

    @property
    def vector_labels(self) -> tuple[str, ...]:
        """The name of each number of the vector."""
        return tuple(label for name, entry in self.vector.items() for label in entry.labels(name))

    @property
    def vector_size(self) -> int:
        """How many numbers the vector has."""
        return len(self.vector_labels)

    def frame(self, images: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """What the cameras add, uint8 ``frame_shape``, from what each has sent, uint8 (height, width, 4)."""
        return np.concatenate(
            [camera.frame(images[name], self.frame_size, self.color) for name, camera in self.cameras.items()]
        )

    def numbers(self, state: Any) -> NDArray[np.float32]:
        """The vector of a DrivingState, float32 (vector_size,)."""
        seen = np.concatenate([_numbers(name, entry, state) for name, entry in self.vector.items()])
        return np.asarray(np.clip(seen, -self.bound, self.bound), np.float32)


def _numbers(name: str, entry: VectorEntry, state: Any) -> NDArray[np.float64]:
    numbers, labels = entry(state), entry.labels(name)
    if numbers.shape != (len(labels),):
        raise ValueError(f"observation.vector.{name}: gives numbers of shape {numbers.shape}, and labels() names {len(labels)}")
    return numbers
