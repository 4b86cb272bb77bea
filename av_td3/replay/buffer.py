"""Replay that stores each camera frame once.

A transition's two stacks of frames share all but one frame with their neighbours', so only the newest frame of each
observation is kept: 7,166 bytes a slot with four gray ones of 84x84 instead of 56,680. A slot holds one observation, and what
was done there:

    slot   k      k+1    k+2    k+3 | k+4 ...
    frame  f0     f1     f2     f3  | f0'         an episode of three steps, then the next one
    action a0     a1     a2     -   | a0'

The last observation of an episode has no action and is never drawn. ``age`` (steps since the episode began) says how far
back a stack may reach; before that an episode's first frame is repeated, as the environment does.

Environments that drive at the same time write to a lane each: a ring of its own, an equal part of all slots.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray


class Batch(NamedTuple):
    """Transitions, batch first.

    ``frames`` is uint8 (n, frame channels, height, width): the first ``channels`` of them are the observation's stack, the last
    ``channels`` the next observation's. One step apart they share all but one frame.
    """

    frames: torch.Tensor
    channels: int  # of a stack
    vector: torch.Tensor  # float32 (n, vector size)
    next_vector: torch.Tensor  # float32 (n, vector size)
    action: torch.Tensor  # float32 (n, action size)
    reward: torch.Tensor  # float32 (n,), the discounted sum of up to n_step rewards
    discount: torch.Tensor  # float32 (n,), factor of the next observation's value: gamma^steps, 0 where the car's drive ended

    @property
    def image(self) -> torch.Tensor:
        """Stack of the observation, uint8 (n, channels, height, width)."""
        return self.frames[:, : self.channels]

    @property
    def next_image(self) -> torch.Tensor:
        """Stack of the next observation, uint8 (n, channels, height, width)."""
        return self.frames[:, -self.channels :]

    def to(self, device: torch.device) -> "Batch":
        """The same on another device."""
        moved = {name: part.to(device, non_blocking=True) for name, part in self._asdict().items() if name != "channels"}
        return self._replace(**moved)


class Replay:
    """``lanes`` rings in ``capacity`` slots: one slot per transition, and one for the last observation of each episode.

    ``frames`` is where frames lie: uint8 (capacity, channels, height, width), zeros, on any device (see frames.py); an
    observation is a ``stack`` of them. A transition spans up to ``n_step`` steps (Sutton 1988; in TD3 as in DrQ-v2), fewer
    where the episode ends or goes no further yet.
    """

    def __init__(
        self,
        frames: torch.Tensor,
        vector_size: int,
        action_size: int,
        *,
        stack: int,
        discount: float,
        n_step: int = 1,
        lanes: int = 1,
    ):
        self._lane_size = len(frames) // lanes
        self._frames = frames.flatten(1)
        self._channels, self._height, self._width = frames.shape[1:]
        self._stack_size = stack
        capacity = self._lane_size * lanes
        self._vectors = np.zeros((capacity, vector_size), np.float32)
        self._actions = np.zeros((capacity, action_size), np.float32)
        self._rewards = np.zeros(capacity, np.float32)
        self._terminated = np.zeros(capacity, np.bool_)
        self._has_action = np.zeros(capacity, np.bool_)
        self._age = np.zeros(capacity, np.int32)
        self._written = np.zeros(lanes, np.int64)  # observations that each lane was ever given
        self._saved = np.zeros(lanes, np.int64)  # how many of them are on disk
        self._discount = discount
        self._n_step = n_step
        self.transitions = 0

    @property
    def lane_size(self) -> int:
        """Slots of each ring."""
        return self._lane_size

    def clear(self) -> None:
        """Forget everything."""
        for array in self._arrays().values():
            array[:] = 0
        self._frames.zero_()
        self._written[:] = self._saved[:] = 0
        self.transitions = 0

    @property
    def nbytes(self) -> int:
        """Memory of all slots."""
        return self._frames.nbytes + sum(array.nbytes for array in self._arrays().values())

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "vectors": self._vectors,
            "actions": self._actions,
            "rewards": self._rewards,
            "terminated": self._terminated,
            "has_action": self._has_action,
            "age": self._age,
        }

    # -- writing -------------------------------------------------------------------------------------------------------

    def begin_episode(self, observation: dict[str, NDArray[Any]], lane: int = 0) -> None:
        """Store the first observation of an episode. The one before it may have ended in any way, or been lost."""
        self._store(lane, observation, age=0)

    def add(
        self,
        action: NDArray[np.float32],
        reward: float,
        terminated: bool,
        next_observation: dict[str, NDArray[Any]],
        lane: int = 0,
    ) -> None:
        """Store what was done at the lane's newest observation, and the observation that followed."""
        slot = self._slot(lane, self._written[lane] - 1)
        self._actions[slot] = action
        self._rewards[slot] = reward
        self._terminated[slot] = terminated
        self._store(lane, next_observation, age=int(self._age[slot]) + 1)
        self._has_action[slot] = True
        self.transitions += 1

    def _slot(self, lane: int, count: Any) -> Any:
        return lane * self._lane_size + count % self._lane_size

    def _store(self, lane: int, observation: dict[str, NDArray[Any]], age: int) -> None:
        slot = self._slot(lane, self._written[lane])
        self.transitions -= int(self._has_action[slot])
        self._frames[slot].copy_(torch.from_numpy(observation["image"][-self._channels :].reshape(-1)), non_blocking=True)
        self._vectors[slot] = observation["vector"]
        self._age[slot] = age
        self._has_action[slot] = False
        self._written[lane] += 1

    # -- drawing -------------------------------------------------------------------------------------------------------

    def sample(self, size: int, rng: np.random.Generator) -> Batch:
        """Draw transitions uniformly, with replacement. Raises ValueError while there is none."""
        if self.transitions == 0:
            raise ValueError("the replay holds no whole transition yet")
        return self.gather(self._draw(size, rng))

    def _draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Slots that hold a whole transition; the others are drawn again."""
        filled = np.minimum(self._written, self._lane_size)
        ends = np.cumsum(filled)
        slots = np.empty(0, np.int64)
        while len(slots) < size:
            drawn = rng.integers(ends[-1], size=size - len(slots))
            lane = np.searchsorted(ends, drawn, side="right")
            candidates = lane * self._lane_size + drawn - (ends - filled)[lane]
            slots = np.concatenate([slots, candidates[self._whole(candidates)]])
        return slots

    def _whole(self, slots: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which slots hold a transition whose stacks have not been overwritten in part."""
        reach = np.minimum(self._stack_size - 1, self._age[slots])
        written = self._written[slots // self._lane_size]
        newer = (slots - written) % self._lane_size  # slots between the oldest that is stored and this one
        behind_oldest = np.where(written >= self._lane_size, newer, slots % self._lane_size)
        return np.asarray(self._has_action[slots] & (behind_oldest >= reach))

    def gather(self, slots: NDArray[np.int64]) -> Batch:
        """The transitions of these slots."""
        reward, discount, following = self._look_ahead(slots)
        stacked = self._stack(slots)
        if self._n_step == 1:
            stacked = np.concatenate([stacked, following[:, None]], axis=1)
        else:
            stacked = np.concatenate([stacked, self._stack(following)], axis=1)
        index = torch.from_numpy(stacked.reshape(-1)).to(self._frames.device, non_blocking=True)
        return Batch(
            frames=self._frames.index_select(0, index).view(len(slots), -1, self._height, self._width),
            channels=self._stack_size * self._channels,
            vector=torch.from_numpy(self._vectors[slots]),
            next_vector=torch.from_numpy(self._vectors[following]),
            action=torch.from_numpy(self._actions[slots]),
            reward=torch.from_numpy(reward),
            discount=torch.from_numpy(discount),
        )

    def _stack(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """The slots (n, stack) of the frames of these observations, oldest first."""
        back = np.minimum(np.arange(self._stack_size - 1, -1, -1), self._age[slots][:, None])
        return self._ahead(slots[:, None], -back)

    def _ahead(self, slots: NDArray[np.int64], steps: Any) -> NDArray[np.int64]:
        """The slots so many steps later in the same lanes."""
        begin = slots - slots % self._lane_size
        return np.asarray(begin + (slots - begin + steps) % self._lane_size)

    def _look_ahead(self, slots: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        """Rewards summed over up to ``n_step`` steps, the factor of the value that follows, and the slot where it does."""
        reward = self._rewards[slots].astype(np.float64)
        discount = np.full(len(slots), self._discount)
        last = slots
        for _ in range(1, self._n_step):
            following = self._ahead(last, 1)
            goes_on = self._has_action[following]
            reward += goes_on * discount * self._rewards[following]
            discount = np.where(goes_on, discount * self._discount, discount)
            last = np.where(goes_on, following, last)
        discount = np.where(self._terminated[last], 0.0, discount)
        return reward.astype(np.float32), discount.astype(np.float32), self._ahead(last, 1)

    # -- to and from disk ----------------------------------------------------------------------------------------------

    def export_new(self) -> dict[str, NDArray[Any]]:
        """What came in since the last call, as arrays by name, for ``restore``."""
        # The newest observation of the last time may have got its action since, so it is taken again.
        first = np.maximum(np.maximum(self._saved - 1, 0), self._written - self._lane_size)
        slots = np.concatenate([self._slot(i, np.arange(first[i], end)) for i, end in enumerate(self._written)])
        self._saved[:] = self._written
        frames = np.concatenate([self._frames[begin:end].cpu().numpy() for _, begin, end in _stretches(slots)])
        taken = {name: array[slots] for name, array in self._arrays().items()}
        size = np.array(self._lane_size)
        return taken | {"slots": slots, "written": self._written.copy(), "lane_size": size, "frames": frames}

    def restore(self, taken: dict[str, NDArray[Any]]) -> None:
        """Put back what ``export_new`` gave, to be called in the same order. Raises ValueError for a replay of another size."""
        slots, lanes, size = taken["slots"], len(taken["written"]), int(taken["lane_size"])
        if (lanes, size) != (len(self._written), self._lane_size):
            wanted = f"{len(self._written)} x {self._lane_size}"
            raise ValueError(f"it belongs to a replay of {lanes} x {size} slots, this is one of {wanted}")
        for name, array in self._arrays().items():
            array[slots] = taken[name]
        frames = torch.from_numpy(taken["frames"])
        for at, begin, end in _stretches(slots):
            self._frames[begin:end] = frames[at : at + end - begin].to(self._frames.device)
        self._written[:] = self._saved[:] = taken["written"]
        self.transitions = int(self._has_action.sum())


def _stretches(slots: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Slots that follow each other: where each stretch begins in the list, its first slot, and the one behind its last.

    A stretch of frames is copied seven times as fast as the same frames one by one.
    """
    starts = np.flatnonzero(np.diff(slots, prepend=-2) != 1)
    ends = np.append(starts[1:], len(slots))
    return [(int(a), int(slots[a]), int(slots[b - 1]) + 1) for a, b in zip(starts, ends, strict=True)]
