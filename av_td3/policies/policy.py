"""A trained policy, called like a model of Stable-Baselines3."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from av_td3.agents.agent import Agent
from av_td3.config.experiment import Config


class Policy:
    """The policy of a checkpoint. ``load_policy`` makes it.

    Args:
        agent: with the weights of the checkpoint.
        config: of the run that wrote it.
        checkpoint: its folder.
        step: its environment step.

    """

    def __init__(self, agent: Agent, config: Config, checkpoint: Path, step: int):
        self.agent = agent
        self.config = config
        self.checkpoint = checkpoint
        self.step = step
        self._shapes: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {}
        if config.observation.cameras:
            self._shapes["image"] = config.observation.image_shape, np.uint8
        self._shapes["vector"] = (config.observation.vector_size,), np.float32

    @property
    def run(self) -> Path:
        """The folder of the run."""
        return self.checkpoint.parent.parent

    def predict(
        self,
        observation: Mapping[str, ArrayLike],
        state: tuple[NDArray[Any], ...] | None = None,
        episode_start: NDArray[Any] | None = None,
        deterministic: bool = True,
    ) -> tuple[NDArray[np.float32], tuple[NDArray[Any], ...] | None]:
        """The policy's action, with the signature of Stable-Baselines3's models.

        Args:
            observation: ``image`` uint8 (channels, height, width), where there are cameras, and ``vector`` float32 (vector
                size,), as the environment returns them; or a batch of n, (n, channels, height, width) and (n, vector size).
            state: for recurrent policies, which this is not; returned as it is.
            episode_start: for recurrent policies; not read.
            deterministic: not read, as in Stable-Baselines3's TD3: the policy has no noise of its own.

        Returns:
            The action, float32 (action size,), each component in [-1, 1], or n of them, (n, action size); and ``state``.

        Raises:
            ValueError: the observation has other keys, shapes or dtypes.

        """
        arrays = self._checked(observation)
        if arrays["vector"].ndim == 1:
            return self._act(arrays), state
        actions = np.zeros((len(arrays["vector"]), self.config.action.size), np.float32)
        for index in range(len(actions)):  # an agent promises to act on one observation
            actions[index] = self._act({name: array[index] for name, array in arrays.items()})
        return actions, state

    def _act(self, observation: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        return np.asarray(self.agent.act(observation), np.float32)

    def _checked(self, observation: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
        """As contiguous arrays. Raises ValueError."""
        if not isinstance(observation, Mapping) or observation.keys() != self._shapes.keys():
            found = ", ".join(map(str, observation)) if isinstance(observation, Mapping) else type(observation).__name__
            raise ValueError(f"observation: must be a dict with the keys {', '.join(self._shapes)}, not {found}")
        arrays = {name: np.ascontiguousarray(observation[name]) for name in self._shapes}
        for name, (shape, dtype) in self._shapes.items():
            _check(name, arrays[name], shape, dtype)
        lengths = {name: str(len(array)) for name, array in arrays.items() if array.ndim > len(self._shapes[name][0])}
        if lengths and (len(lengths) < len(arrays) or len(set(lengths.values())) > 1):
            found = ", ".join(f"{name} {lengths.get(name, 'one')}" for name in arrays)
            raise ValueError(f"observation: image and vector must be of the same number of observations, not {found}")
        return arrays


def _check(name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    if array.dtype != dtype or array.shape[-len(shape) :] != shape or array.ndim > len(shape) + 1:
        batch = ("n", *shape)
        raise ValueError(
            f"observation: {name} is {array.dtype} {_text(array.shape)}; must be {np.dtype(dtype)} {_text(shape)}, or "
            f"{_text(batch)} for n observations"
        )


def _text(shape: tuple[object, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
