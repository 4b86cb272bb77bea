"""The observation. Networks, replay and spaces take their shapes from here."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from av_td3.config.limits import Interval
from av_td3.config.schema import ByTarget, Schema

Color = Literal["gray", "rgb"]


class Camera(Schema, ABC):
    """A camera on the car.

    Derive from it to add a camera. Its configuration keys are the fields of the class.
    """

    blueprint: ClassVar[str]  # id in CARLA's blueprint library

    @abstractmethod
    def mount(self) -> tuple[float, float, float, float, float]:
        """Pose on the car: x, y, z in metres ahead, right of and above its centre, pitch and yaw in degrees."""

    @abstractmethod
    def attributes(self, size: int) -> dict[str, str]:
        """Attributes of the blueprint for a frame of ``size`` by ``size`` pixels."""

    @abstractmethod
    def channels(self, color: Color) -> int:
        """Number of channels of a frame."""

    @abstractmethod
    def frame(self, image: NDArray[np.uint8], size: int, color: Color) -> NDArray[np.uint8]:
        """Convert an image of the sensor to a frame.

        Args:
            image: uint8 (height, width, 4), blue, green, red, alpha.
            size: pixels on each side of the frame.
            color: ``gray`` or ``rgb``.

        Returns:
            uint8 (channels, size, size).

        """


class VectorEntry(Schema, ABC):
    """One or more numbers of the vector observation.

    Derive from it to add an entry. Its configuration keys are the fields of the class.
    """

    @abstractmethod
    def __call__(self, state: Any) -> NDArray[np.float64]:
        """Compute the numbers of one step.

        Args:
            state: the DrivingState of the step.

        Returns:
            float64 (n,), scaled to a standard deviation of about 1 while driving.

        """

    def labels(self, name: str) -> tuple[str, ...]:
        """Names of the n numbers of the entry that the configuration calls ``name``."""
        return (name,)


class Observation(Schema):
    """The observation: ``image``, the newest frames of all cameras, and ``vector``, scaled numbers. Without cameras there
    is no ``image``.

    Derive from it to add keys.
    """

    frame_size: Annotated[int, Interval(16, 512, "pixels")]
    stack: Annotated[int, Interval(1, 16, "frames")]
    color: Color
    cameras: dict[str, Annotated[Camera, ByTarget()]]
    vector: Annotated[dict[str, Annotated[VectorEntry, ByTarget()]], Field(min_length=1)]
    bound: Annotated[float, Interval(1.0, 1e6)]

    @field_validator("cameras", mode="before")
    @classmethod
    def _none(cls, cameras: object) -> object:
        return {} if cameras is None else cameras  # YAML cannot remove the cameras of the file that it derives from otherwise

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the frame of one step; the channels of all cameras are concatenated."""
        channels = sum(camera.channels(self.color) for camera in self.cameras.values())
        return channels, self.frame_size, self.frame_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the stacked frames."""
        channels, height, width = self.frame_shape
        return self.stack * channels, height, width

    @property
    def vector_labels(self) -> tuple[str, ...]:
        """Name of each number of the vector."""
        return tuple(label for name, entry in self.vector.items() for label in entry.labels(name))

    @property
    def vector_sizes(self) -> dict[str, int]:
        """How many numbers each entry of the vector has, in order."""
        return {name: len(entry.labels(name)) for name, entry in self.vector.items()}

    @property
    def vector_size(self) -> int:
        """Number of entries of the vector."""
        return len(self.vector_labels)

    def frame(self, images: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Convert the images of all cameras to the frame of one step.

        Args:
            images: the image of each camera by its name, uint8 (height, width, 4), blue, green, red, alpha.

        Returns:
            uint8 ``frame_shape``.

        """
        return np.concatenate(
            [camera.frame(images[name], self.frame_size, self.color) for name, camera in self.cameras.items()]
        )

    def numbers(self, state: Any) -> NDArray[np.float32]:
        """Compute the vector of one step.

        Args:
            state: a DrivingState.

        Returns:
            float32 (vector_size,), clipped to +-``bound``.

        Raises:
            ValueError: an entry returns another number of values than it has labels.

        """
        seen = np.concatenate([_numbers(name, entry, state) for name, entry in self.vector.items()])
        return np.asarray(np.clip(seen, -self.bound, self.bound), np.float32)


def _numbers(name: str, entry: VectorEntry, state: Any) -> NDArray[np.float64]:
    numbers, labels = entry(state), entry.labels(name)
    if numbers.shape != (len(labels),):
        raise ValueError(f"observation.vector.{name}: returns shape {numbers.shape}, but labels() has {len(labels)} names")
    return numbers
