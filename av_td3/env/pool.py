"""Environments that drive at the same time, while the learner learns."""

import queue
import threading
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv, Step
from av_td3.simulator.errors import SimulatorLost

ENDING_GRACE = 5.0  # s that a step in progress may take when the run ends, before its processes are killed

Request = tuple[Literal["reset", "step", "close"], Any]


class Answer(NamedTuple):
    """What came of a request: the first observation of an episode, a step, or the loss or failure of the episode."""

    env_index: int
    result: dict[str, NDArray[Any]] | Step | SimulatorLost | EpisodeFailed


class EnvPool:
    """Each environment is served by a thread of its own, so that nobody waits for one that is slow or starts anew.

    Every ``reset`` and ``step`` is answered once, by ``next_answer``, in the order in which the answers come in.
    """

    def __init__(self, envs: Sequence[RemoteEnv]):
        self._envs = envs
        self._requests: list[queue.SimpleQueue[Request]] = [queue.SimpleQueue() for _ in envs]
        self._answers: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._serve, args=(env_index,), daemon=True) for env_index in range(len(envs))]
        for thread in self._threads:
            thread.start()

    def __len__(self) -> int:
        return len(self._envs)

    def __getitem__(self, env_index: int) -> RemoteEnv:
        """The environment itself, to be used while it owes no answer."""
        return self._envs[env_index]

    @property
    def restarts(self) -> int:
        """How often a simulator had to be started anew."""
        return sum(env.restarts for env in self._envs)

    def reset(self, env_index: int, seed: int) -> None:
        """Ask for the episode that follows from ``seed``."""
        self._requests[env_index].put(("reset", seed))

    def step(self, env_index: int, action: NDArray[np.float32]) -> None:
        """Ask for an action to be held for one tick."""
        self._requests[env_index].put(("step", action))

    def next_answer(self) -> Answer:
        """Wait for whoever answers first. Raises what ended an environment for good."""
        env_index, result = self._answers.get()
        if isinstance(result, BaseException) and not isinstance(result, SimulatorLost | EpisodeFailed):
            raise result
        return Answer(env_index, result)

    def close(self) -> None:
        """End all environments and their processes, by force where one hangs."""
        for requests in self._requests:
            requests.put(("close", None))
        for env, thread in zip(self._envs, self._threads, strict=True):
            thread.join(ENDING_GRACE)
            while thread.is_alive():
                env.abort()
                thread.join(1.0)

    def _serve(self, env_index: int) -> None:
        """Answer one environment's requests. It also starts the processes, which end with the thread that started them."""
        env = self._envs[env_index]
        while True:
            name, argument = self._requests[env_index].get()
            if name == "close":
                env.close()
                return
            try:
                result: Any = env.reset(argument) if name == "reset" else env.step(argument)
            except Exception as error:
                result = error
            self._answers.put((env_index, result))
