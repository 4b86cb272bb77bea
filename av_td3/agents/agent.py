"""What the trainer asks of an algorithm. Any class with these members will do; it need not derive from this one.

``ExportableAgent`` and ``InitializableAgent`` are what an agent may have in addition.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import nn

from av_td3.replay.buffer import Batch


class Agent(Protocol):
    """An off-policy learner.

    Attributes:
        updates: how many updates it has made.
        progress_tags: the numbers that the progress display shows: a short label and the tag under which ``drain`` returns it.

    """

    updates: int
    progress_tags: Mapping[str, str]

    def act(self, observation: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The policy's action, without exploration noise.

        Args:
            observation: ``image`` uint8 (channels, height, width), where there are cameras, and ``vector`` float32
                (vector size,).

        Returns:
            float32 (action size,), each component in [-1, 1].

        """

    def update(self, batch: Batch) -> object:
        """Learn from one batch, and count it in ``updates``. Returns what happened; the trainer does not look at it."""

    def drain(self) -> dict[str, float]:
        """What was measured since the last call, by TensorBoard tag. It may wait for the device; ``update`` should not."""

    def is_finite(self) -> bool:
        """Whether every weight is finite. A state that is not is never saved."""

    def state_dict(self) -> dict[str, Any]:
        """All that further learning depends on: tensors, numbers, strings, and lists and dicts of them."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned, perhaps on another device."""


@runtime_checkable
class ExportableAgent(Protocol):
    """An agent whose policy ``av-td3 export`` can write to a file."""

    def policy_module(self) -> nn.Module:
        """The policy as a module of its own: a copy on the CPU, in eval mode.

        Returns:
            A module that maps ``image`` uint8 (n, channels, height, width), where there are cameras, and ``vector`` float32
            (n, vector size) to the actions of ``act``, float32 (n, action size). It is traced: its operations must not depend
            on values or on n.

        """


@runtime_checkable
class InitializableAgent(Protocol):
    """An agent that can start from the weights of another run: ``init_from``."""

    def load_weights(self, state: dict[str, Any]) -> None:
        """Load the weights of all networks, targets included, and nothing else.

        Args:
            state: what ``state_dict`` of an agent of the same algorithm returned.

        Raises:
            KeyError, RuntimeError: the networks have other layers or shapes.

        """
