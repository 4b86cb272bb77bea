"""Replay buffer that stores each camera frame once.

The two frame stacks of a transition share all but one frame, so only the newest frame of each observation is kept: 7,166 bytes
per slot with four gray frames of 84x84 instead of 56,680. A slot holds one observation and the action taken there:

    slot   k      k+1    k+2    k+3 | k+4 ...
    frame  f0     f1     f2     f3  | f0'         an episode of three steps, then the next one
    action a0     a1     a2     -   | a0'

The last observation of an episode has no action and is never sampled. ``episode_step``, the number of steps since the episode
began, limits how far back a stack may reach; before that the episode's first frame is repeated, as in the environment.

Environments that run in parallel write to one ring buffer each, of equal size.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray


class Batch(NamedTuple):
    """A batch of n transitions.

    Attributes:
        frames: uint8 (n, frame channels, height, width). The first ``channels`` are the stack of the observation, the last
            ``channels`` that of the next observation; for one-step transitions the two overlap in all but one frame.
        channels: number of channels of a stack.
        vector: float32 (n, vector size), of the observation.
        next_vector: float32 (n, vector size), of the next observation.
        action: float32 (n, action size), each component in [-1, 1].
        reward: float32 (n,), the discounted sum of up to ``n_step`` rewards.
        discount: float32 (n,), the factor of the next observation's value: gamma^steps, or 0 after a terminal step.

    """

    frames: torch.Tensor
    channels: int
    vector: torch.Tensor
    next_vector: torch.Tensor
    action: torch.Tensor
    reward: torch.Tensor
    discount: torch.Tensor

    @property
    def image(self) -> torch.Tensor:
        """Frame stack of the observation, uint8 (n, channels, height, width)."""
        return self.frames[:, : self.channels]

    @property
    def next_image(self) -> torch.Tensor:
        """Frame stack of the next observation, uint8 (n, channels, height, width)."""
        return self.frames[:, -self.channels :]

    def to(self, device: torch.device) -> "Batch":
        """Copy the batch to a device, without waiting for the copy where that is possible."""
        moved = {name: part.to(device, non_blocking=True) for name, part in self._asdict().items() if name != "channels"}
        return self._replace(**moved)


class Replay:
    """Replay buffer with one ring buffer per environment and n-step returns.

    Transitions span up to ``n_step`` steps, and fewer where the episode ends earlier or has not gone further yet. The n-step
    return is that of Sutton 1988, "Learning to Predict by the Methods of Temporal Differences", with a TD3-like agent as in
    DrQ-v2 (Yarats et al. 2021).

    Args:
        frames: storage of the camera frames, uint8 (slots, channels, height, width), zeros, on any device (see frames.py).
            There is one slot per transition, and one for the last observation of each episode. Without a camera they have no
            channels.
        vector_size: numbers in the observation's vector.
        action_size: components of an action.
        stack: number of frames in an observation.
        discount: gamma, per step.
        n_step: the most steps that a transition spans.
        num_envs: number of environments; each gets ``len(frames) // num_envs`` slots.

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
        num_envs: int = 1,
    ):
        self._slots_per_env = len(frames) // num_envs
        self._frames = frames.flatten(1)
        self._channels, self._height, self._width = frames.shape[1:]
        self._stack_size = stack
        capacity = self._slots_per_env * num_envs
        self._vectors = np.zeros((capacity, vector_size), np.float32)
        self._actions = np.zeros((capacity, action_size), np.float32)
        self._rewards = np.zeros(capacity, np.float32)
        self._terminated = np.zeros(capacity, np.bool_)
        self._has_action = np.zeros(capacity, np.bool_)
        self._episode_step = np.zeros(capacity, np.int32)
        self._written = np.zeros(num_envs, np.int64)  # observations stored so far, per environment
        self._saved = np.zeros(num_envs, np.int64)  # how many of them have been exported
        self._discount = discount
        self._n_step = n_step
        self.transitions = 0

    @property
    def slots_per_env(self) -> int:
        """Number of slots of each environment's ring buffer."""
        return self._slots_per_env

    def clear(self) -> None:
        """Delete all transitions."""
        for array in self._arrays().values():
            array[:] = 0
        self._frames.zero_()
        self._written[:] = self._saved[:] = 0
        self.transitions = 0

    @property
    def nbytes(self) -> int:
        """Size of all slots in bytes."""
        return self._frames.nbytes + sum(array.nbytes for array in self._arrays().values())

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays but the frames, under the names of their files in a checkpoint."""
        return {
            "vectors": self._vectors,
            "actions": self._actions,
            "rewards": self._rewards,
            "terminated": self._terminated,
            "has_action": self._has_action,
            "age": self._episode_step,
        }

    # -- writing -------------------------------------------------------------------------------------------------------

    def begin_episode(self, observation: dict[str, NDArray[Any]], env_index: int = 0) -> None:
        """Store the first observation of an episode, however the episode before it ended. Without a camera it has no image.

        Args:
            observation: ``image`` uint8 (stack * channels, height, width), of which the newest frame is stored, and ``vector``
                float32 (vector size,).
            env_index: index of the environment.

        """
        self._store(env_index, observation, episode_step=0)

    def add(
        self,
        action: NDArray[np.float32],
        reward: float,
        terminated: bool,
        next_observation: dict[str, NDArray[Any]],
        env_index: int = 0,
    ) -> None:
        """Store a step.

        Args:
            action: the action taken at the environment's newest observation, float32 (action size,).
            reward: the reward of the step.
            terminated: whether the step reached a terminal state; a truncated episode is not terminated.
            next_observation: the observation that followed, as for ``begin_episode``.
            env_index: index of the environment.

        """
        slot = self._slot(env_index, self._written[env_index] - 1)
        self._actions[slot] = action
        self._rewards[slot] = reward
        self._terminated[slot] = terminated
        self._store(env_index, next_observation, episode_step=int(self._episode_step[slot]) + 1)
        self._has_action[slot] = True
        self.transitions += 1

    def _slot(self, env_index: int, count: Any) -> Any:
        return env_index * self._slots_per_env + count % self._slots_per_env

    def _store(self, env_index: int, observation: dict[str, NDArray[Any]], episode_step: int) -> None:
        slot = self._slot(env_index, self._written[env_index])
        self.transitions -= int(self._has_action[slot])
        if self._channels:
            newest = observation["image"][-self._channels :]
            self._frames[slot].copy_(torch.from_numpy(newest.reshape(-1)), non_blocking=True)
        self._vectors[slot] = observation["vector"]
        self._episode_step[slot] = episode_step
        self._has_action[slot] = False
        self._written[env_index] += 1

    # -- sampling ------------------------------------------------------------------------------------------------------

    def sample(self, size: int, rng: np.random.Generator) -> Batch:
        """Sample transitions uniformly with replacement.

        Args:
            size: number of transitions.
            rng: source of randomness.

        Returns:
            A batch whose frames are on the device of the frame storage and whose other tensors are on the CPU.

        Raises:
            ValueError: the replay holds no transition yet.

        """
        if self.transitions == 0:
            raise ValueError("the replay holds no transition yet")
        return self.gather(self._sample_slots(size, rng))

    def _sample_slots(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Sample among all filled slots, and again in place of those that hold no valid transition."""
        filled = np.minimum(self._written, self._slots_per_env)
        ends = np.cumsum(filled)
        slots = np.empty(0, np.int64)
        while len(slots) < size:
            drawn = rng.integers(ends[-1], size=size - len(slots))
            env_index = np.searchsorted(ends, drawn, side="right")
            candidates = env_index * self._slots_per_env + drawn - (ends - filled)[env_index]
            slots = np.concatenate([slots, candidates[self._is_valid(candidates)]])
        return slots

    def _is_valid(self, slots: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which slots hold a transition of whose stacks no frame has been overwritten, bool (n,)."""
        reach = np.minimum(self._stack_size - 1, self._episode_step[slots])
        written = self._written[slots // self._slots_per_env]
        newer = (slots - written) % self._slots_per_env  # slots between the oldest that is stored and this one
        behind_oldest = np.where(written >= self._slots_per_env, newer, slots % self._slots_per_env)
        return np.asarray(self._has_action[slots] & (behind_oldest >= reach))

    def gather(self, slots: NDArray[np.int64]) -> Batch:
        """Build the batch of the transitions in these slots, int64 (n,)."""
        reward, discount, next_slots = self._n_step_return(slots)
        stacked = self._stack(slots)
        if self._n_step == 1:
            stacked = np.concatenate([stacked, next_slots[:, None]], axis=1)
        else:
            stacked = np.concatenate([stacked, self._stack(next_slots)], axis=1)
        channels = stacked.shape[1] * self._channels
        index = torch.from_numpy(stacked.reshape(-1)).to(self._frames.device, non_blocking=True)
        return Batch(
            frames=self._frames.index_select(0, index).view(len(slots), channels, self._height, self._width),
            channels=self._stack_size * self._channels,
            vector=torch.from_numpy(self._vectors[slots]),
            next_vector=torch.from_numpy(self._vectors[next_slots]),
            action=torch.from_numpy(self._actions[slots]),
            reward=torch.from_numpy(reward),
            discount=torch.from_numpy(discount),
        )

    def _stack(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """Slots of the frames of these observations, int64 (n, stack), oldest frame first."""
        back = np.minimum(np.arange(self._stack_size - 1, -1, -1), self._episode_step[slots][:, None])
        return self._offset(slots[:, None], -back)

    def _offset(self, slots: NDArray[np.int64], steps: Any) -> NDArray[np.int64]:
        """The slots this many steps later in the same ring buffers."""
        begin = slots - slots % self._slots_per_env
        return np.asarray(begin + (slots - begin + steps) % self._slots_per_env)

    def _n_step_return(self, slots: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        """Discounted sum of up to ``n_step`` rewards, discount of the bootstrapped value, and slot of the next observation."""
        reward = self._rewards[slots].astype(np.float64)
        discount = np.full(len(slots), self._discount)
        last = slots
        for _ in range(1, self._n_step):
            following = self._offset(last, 1)
            continues = self._has_action[following]
            reward += continues * discount * self._rewards[following]
            discount = np.where(continues, discount * self._discount, discount)
            last = np.where(continues, following, last)
        discount = np.where(self._terminated[last], 0.0, discount)
        return reward.astype(np.float32), discount.astype(np.float32), self._offset(last, 1)

    # -- to and from disk ----------------------------------------------------------------------------------------------

    def export_new(self) -> dict[str, NDArray[Any]]:
        """Export what was stored since the last call.

        Returns:
            Arrays by name, for ``restore``. Each name is also that of a file in a checkpoint.

        """
        # The newest observation of the last call may have got its action since, so it is exported again.
        first = np.maximum(np.maximum(self._saved - 1, 0), self._written - self._slots_per_env)
        slots = np.concatenate([self._slot(i, np.arange(first[i], end)) for i, end in enumerate(self._written)])
        self._saved[:] = self._written
        frames = np.concatenate([self._frames[begin:end].cpu().numpy() for _, begin, end in _contiguous(slots)])
        exported = {name: array[slots] for name, array in self._arrays().items()}
        size = np.array(self._slots_per_env)
        return exported | {"slots": slots, "written": self._written.copy(), "lane_size": size, "frames": frames}

    def restore(self, exported: dict[str, NDArray[Any]]) -> None:
        """Restore what ``export_new`` returned. Several exports are restored in the order in which they were made.

        Args:
            exported: arrays by name.

        Raises:
            ValueError: the export is of a replay with another number of environments or slots.

        """
        slots, num_envs, size = exported["slots"], len(exported["written"]), int(exported["lane_size"])
        if (num_envs, size) != (len(self._written), self._slots_per_env):
            own = f"{len(self._written)} x {self._slots_per_env}"
            raise ValueError(f"it belongs to a replay of {num_envs} x {size} slots, this is one of {own}")
        for name, array in self._arrays().items():
            array[slots] = exported[name]
        frames = torch.from_numpy(exported["frames"])
        for at, begin, end in _contiguous(slots):
            self._frames[begin:end] = frames[at : at + end - begin].to(self._frames.device)
        self._written[:] = self._saved[:] = exported["written"]
        self.transitions = int(self._has_action.sum())


def _contiguous(slots: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Split slots into ranges of consecutive ones: (position in the list, first slot, last slot + 1) of each.

    A range of frames is copied seven times as fast as the same frames one by one.
    """
    if not len(slots):
        return []
    starts = np.flatnonzero(np.diff(slots, prepend=-2) != 1)
    ends = np.append(starts[1:], len(slots))
    return [(int(a), int(slots[a]), int(slots[b - 1]) + 1) for a, b in zip(starts, ends, strict=True)]
