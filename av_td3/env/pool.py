"""Several environments that run in parallel, while the agent learns."""

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv, Step
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

CLOSE_GRACE = 5.0  # s that ``close`` waits for a step in progress before it kills the processes

Request = tuple[Literal["reset", "step", "close"], Any]


class Answer(NamedTuple):
    """The answer to a request.

    Attributes:
        env_index: index of the environment.
        result: the first observation of an episode after ``reset``, a Step after ``step``, or the error that ended the episode.
            After SimulatorUnavailable the environment is closed, and gives no more answers.

    """

    env_index: int
    result: dict[str, NDArray[Any]] | Step | SimulatorLost | SimulatorUnavailable | EpisodeFailed


class EnvPool:
    """Runs environments asynchronously, with a thread for each, so that none waits for another that is slow or restarts.

    Every ``reset`` and ``step`` returns at once and is answered once, by ``next_answer``, in the order of completion.

    Args:
        envs: the environments; the pool starts and closes them.

    """

    def __init__(self, envs: Sequence[RemoteEnv]):
        self._envs = envs
        self._living = set(range(len(envs)))
        self._requests: list[queue.SimpleQueue[Request]] = [queue.SimpleQueue() for _ in envs]
        self._answers: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._serve, args=(env_index,), daemon=True) for env_index in range(len(envs))]
        for thread in self._threads:
            thread.start()

    def __len__(self) -> int:
        return len(self._envs)

    def __getitem__(self, env_index: int) -> RemoteEnv:
        """The environment itself. Use it only while none of its answers is outstanding."""
        return self._envs[env_index]

    def __iter__(self) -> Iterator[RemoteEnv]:
        return iter(self._envs)

    def reset(self, env_index: int, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Request a reset of an environment with ``seed`` and ``options``."""
        self._requests[env_index].put(("reset", (seed, options)))

    def step(self, env_index: int, action: NDArray[np.float32]) -> None:
        """Request a step of an environment with an action, float32 (action size,)."""
        self._requests[env_index].put(("step", action))

    def next_answer(self) -> Answer:
        """Wait for the next answer of any environment.

        Raises:
            SimulatorUnavailable: the last environment that was left cannot be restarted.
            RunFailed: an environment failed with an error that a restart would not fix.

        """
        env_index, result = self._answers.get()
        if isinstance(result, SimulatorUnavailable) and self.retire(env_index):
            return Answer(env_index, result)
        if isinstance(result, BaseException) and not isinstance(result, SimulatorLost | EpisodeFailed):
            raise result
        return Answer(env_index, result)

    def retire(self, env_index: int) -> bool:
        """Leave out an environment whose simulator cannot be restarted; returns whether others are left."""
        self._living.discard(env_index)
        return bool(self._living)

    def close(self) -> None:
        """Close all environments and their processes; kill those that hang."""
        for requests in self._requests:
            requests.put(("close", None))
        deadline = time.monotonic() + CLOSE_GRACE
        for env, thread in zip(self._envs, self._threads, strict=True):
            thread.join(max(0.0, deadline - time.monotonic()))
            while thread.is_alive():
                env.abort()
                thread.join(1.0)

    def _serve(self, env_index: int) -> None:
        """Answer the requests of an environment. The kernel kills its processes when this thread, which starts them, ends."""
        env = self._envs[env_index]
        while True:
            name, argument = self._requests[env_index].get()
            if name == "close":
                env.close()
                return
            try:
                result: Any = env.reset(*argument) if name == "reset" else env.step(argument)
            except Exception as error:
                result = error
            self._answers.put((env_index, result))
