"""Replay that stores each camera frame once.

A transition's two stacks of four frames share all but one frame with their neighbours', so only the newest frame of each
observation is kept: 7,166 bytes a slot at 84x84 instead of 56,680. A slot holds one observation, and what was done there:

    slot   k      k+1    k+2    k+3 | k+4 ...
    frame  f0     f1     f2     f3  | f0'         an episode of three steps, then the next one
    action a0     a1     a2     -   | a0'

The last observation of an episode has no action and is never drawn. ``age`` (steps since the episode began) says how far
back a stack may reach; before that an episode's first frame is repeated, as the environment does.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

STACK = 4


class Batch(NamedTuple):
    """Transitions, batch first. ``frames`` uint8 (n, 5, height, width): the stack before and the stack after share three."""

    frames: torch.Tensor
    vector: torch.Tensor  # float32 (n, 23)
    next_vector: torch.Tensor  # float32 (n, 23)
    action: torch.Tensor  # float32 (n, 2)
    reward: torch.Tensor  # float32 (n,)
    terminated: torch.Tensor  # float32 (n,), 1 where no value follows; a truncated episode goes on and has 0

    @property
    def image(self) -> torch.Tensor:
        """Stack of the observation, uint8 (n, 4, height, width)."""
        return self.frames[:, :STACK]

    @property
    def next_image(self) -> torch.Tensor:
        """Stack of the next observation, uint8 (n, 4, height, width)."""
        return self.frames[:, 1:]

    def to(self, device: torch.device) -> "Batch":
        """The same on another device."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


class Replay:
    """A ring of ``capacity`` slots: one per transition, and one for the last observation of each episode."""

    def __init__(self, capacity: int, frame_shape: tuple[int, int], vector_size: int, action_size: int):
        self.capacity = capacity
        self._frames = np.zeros((capacity, *frame_shape), np.uint8)
        self._vectors = np.zeros((capacity, vector_size), np.float32)
        self._actions = np.zeros((capacity, action_size), np.float32)
        self._rewards = np.zeros(capacity, np.float32)
        self._terminated = np.zeros(capacity, np.bool_)
        self._has_action = np.zeros(capacity, np.bool_)
        self._age = np.zeros(capacity, np.int32)
        self._head = 0  # where the next observation goes
        self._filled = 0

    @property
    def transitions(self) -> int:
        """How many transitions are stored."""
        return int(self._has_action.sum())

    @property
    def nbytes(self) -> int:
        """Memory of all slots."""
        arrays = (self._frames, self._vectors, self._actions, self._rewards, self._terminated, self._has_action, self._age)
        return sum(array.nbytes for array in arrays)

    def begin_episode(self, observation: dict[str, NDArray[Any]]) -> None:
        """Store the first observation of an episode. The one before it may have ended in any way, or been lost."""
        self._store(observation, age=0)

    def add(
        self, action: NDArray[np.float32], reward: float, terminated: bool, next_observation: dict[str, NDArray[Any]]
    ) -> None:
        """Store what was done at the newest observation, and the observation that followed."""
        slot = (self._head - 1) % self.capacity
        self._actions[slot] = action
        self._rewards[slot] = reward
        self._terminated[slot] = terminated
        self._store(next_observation, age=int(self._age[slot]) + 1)
        self._has_action[slot] = True

    def _store(self, observation: dict[str, NDArray[Any]], age: int) -> None:
        slot = self._head
        self._frames[slot] = observation["image"][-1]
        self._vectors[slot] = observation["vector"]
        self._age[slot] = age
        self._has_action[slot] = False
        self._head = (slot + 1) % self.capacity
        self._filled = min(self._filled + 1, self.capacity)

    def sample(self, size: int, rng: np.random.Generator) -> Batch:
        """Draw transitions uniformly, with replacement. Raises ValueError while there is none whole."""
        return self.gather(self._draw(size, rng))

    def _draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        if not self._whole(np.arange(self._filled)).any():
            raise ValueError("the replay holds no whole transition yet")
        slots = rng.integers(self._filled, size=size)
        wrong = ~self._whole(slots)
        while wrong.any():
            slots[wrong] = rng.integers(self._filled, size=int(wrong.sum()))
            wrong = ~self._whole(slots)
        return slots

    def _whole(self, slots: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which slots hold a transition whose stacks have not been overwritten in part."""
        reach = np.minimum(STACK - 1, self._age[slots])
        behind_head = (slots - self._head) % self.capacity if self._filled == self.capacity else slots
        return np.asarray(self._has_action[slots] & (behind_head >= reach))

    def gather(self, slots: NDArray[np.int64]) -> Batch:
        """The transitions of these slots."""
        back = np.minimum(np.arange(STACK - 1, -1, -1), self._age[slots][:, None])
        following = (slots + 1) % self.capacity
        stacked = np.concatenate([(slots[:, None] - back) % self.capacity, following[:, None]], axis=1)
        return Batch(
            frames=torch.from_numpy(self._frames[stacked]),
            vector=torch.from_numpy(self._vectors[slots]),
            next_vector=torch.from_numpy(self._vectors[following]),
            action=torch.from_numpy(self._actions[slots]),
            reward=torch.from_numpy(self._rewards[slots]),
            terminated=torch.from_numpy(self._terminated[slots].astype(np.float32)),
        )
