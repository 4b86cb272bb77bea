"""Collects experience: drives the environments, stores their steps in the replay, and keeps each episode's record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3 import metrics
from av_td3.config.scenario import Scenario
from av_td3.env.errors import EpisodeFailed
from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import RemoteEnv, Step
from av_td3.env.seeding import episode_seed, town_option
from av_td3.replay.buffer import Replay
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.training.episode import EpisodeRecord
from av_td3.training.skips import Skips

NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


@dataclass
class Episode:
    """One environment's episode.

    Attributes:
        number: from 0 on, over all environments of the run.
        env_index: of the environment.
        seed: of ``reset``.
        record: sums over its steps so far.
        is_over: whether it has ended, or was lost.
        error: what it was lost to: SimulatorLost, SimulatorUnavailable where its environment is left out, or EpisodeFailed
            where the same seed would fail again.
        demonstrated: whether a driver began it, to fill the replay.
        last_step: the result of its newest step; None before the first one.
        last_action: float32 (action size,), which led to it.

    """

    number: int
    env_index: int
    seed: int
    record: EpisodeRecord = field(default_factory=EpisodeRecord)
    is_over: bool = False
    error: SimulatorLost | SimulatorUnavailable | EpisodeFailed | None = None
    demonstrated: bool = False
    last_step: Step | None = field(default=None, compare=False, repr=False)
    last_action: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


class Arrival(NamedTuple):
    """What came of a reset or an action.

    Attributes:
        episode: to which it belongs.
        observation: to act on; None where the episode is over.
        step: what the action led to; None after a reset, and where the episode was lost.

    """

    episode: Episode
    observation: Mapping[str, NDArray[Any]] | None
    step: Step | None


class Collector:
    """Environments that act at the same time, and the replay that they fill.

    A truncated episode (a time limit) is not terminal: the value of its last observation still counts. A lost episode costs
    the step in progress; the steps before it stay in the replay.

    Args:
        envs: the environments.
        replay: with a ring for each of them.
        action_size: components of an action.
        seed: of the run; each episode's seed follows from it and the episode's number.
        scenario: whose town is drawn for episodes of consecutive numbers, where it lists several.

    """

    def __init__(self, envs: EnvPool, replay: Replay, action_size: int, seed: int, scenario: Scenario):
        self._envs = envs
        self._seed = seed
        self._scenario = scenario
        self._episodes: list[Episode] = []  # by environment
        self._actions = np.zeros((len(envs), action_size), np.float32)  # being carried out
        self._skips = [Skips() for _ in range(len(envs))]
        self._idle = 0
        self._retired: set[int] = set()  # environments whose simulator cannot be restarted; the others go on
        self.replay = replay
        self.episodes_started = 0

    def __len__(self) -> int:
        return len(self._envs)

    @property
    def simulator_restarts(self) -> int:
        """How often a lost simulator was restarted, over all environments."""
        return sum(env.restarts for env in self._envs)

    def simulator_scalars(self) -> dict[str, float]:
        """Counts over all simulators so far, and the time of a step since the last call, by tag."""
        times = [seconds for env in self._envs for seconds in env.take_step_times()]
        scalars = {
            metrics.SIMULATOR_RESTARTS: float(self.simulator_restarts),
            metrics.SIMULATOR_RENEWALS: float(sum(env.renewals for env in self._envs)),
            metrics.SENSOR_LOSSES: float(sum(env.sensor_losses for env in self._envs)),
        }
        if times:
            milliseconds = 1000.0 * np.array(times)
            scalars |= {
                metrics.STEP_TIME: float(milliseconds.mean()),
                metrics.peak(metrics.STEP_TIME): float(milliseconds.max()),
            }
        return scalars

    @property
    def idle_env(self) -> RemoteEnv:
        """The environment whose answer came last. It waits for ``act`` or ``begin_episode``, and may be used until then."""
        return self._envs[self._idle]

    @property
    def idle_info(self) -> Mapping[str, Any]:
        """The info that came with the newest observation of the environment that waits."""
        step = self._episodes[self._idle].last_step
        return self.idle_env.reset_info if step is None else step.info

    def retire_idle_env(self) -> bool:
        """Leave out the environment that waits, whose simulator cannot be restarted; returns whether others are left."""
        self._retired.add(self._idle)
        return self._envs.retire(self._idle)

    def begin(self, options: Mapping[str, Any] = NO_OPTIONS) -> None:
        """Begin an episode in every environment, with ``options`` of ``CarlaEnv.reset``."""
        self._episodes = [self._new_episode(env_index, options) for env_index in range(len(self._envs))]

    def begin_episode(self, env_index: int, options: Mapping[str, Any] = NO_OPTIONS) -> None:
        """Begin the next episode of one environment, unless it was left out. Raises RunFailed if its episodes keep failing.

        Args:
            env_index: of the environment.
            options: of ``CarlaEnv.reset``, in addition to the town.

        """
        if env_index in self._retired:
            return
        self._skips[env_index].check()
        self._episodes[env_index] = self._new_episode(env_index, options)

    def act(self, env_index: int, action: NDArray[np.float32]) -> None:
        """Let an environment carry out an action float32 (action size,), without waiting for it."""
        self._actions[env_index] = action
        self._envs.step(env_index, action)

    def wait(self) -> Arrival:
        """Wait for whichever environment answers first, and store its answer. Raises what ends the run."""
        env_index, answer = self._envs.next_answer()
        self._idle, episode = env_index, self._episodes[env_index]
        if isinstance(answer, Step):
            return self._store(episode, answer)
        if isinstance(answer, SimulatorLost | SimulatorUnavailable | EpisodeFailed):
            return self._lose(episode, answer)
        self.replay.begin_episode(answer, env_index)
        return Arrival(episode, answer, None)

    def _new_episode(self, env_index: int, options: Mapping[str, Any]) -> Episode:
        number = self.episodes_started
        seed, demonstrated = episode_seed(self._seed, "training", number), bool(options.get("observe_traffic"))
        episode = Episode(number, env_index, seed, demonstrated=demonstrated)
        self._envs.reset(env_index, episode.seed, {"render": False, **self._town_of(number), **options})
        self.episodes_started += 1
        return episode

    def _town_of(self, number: int) -> dict[str, str]:
        """The town of an episode: a function of the run's seed and the episode's number."""
        return town_option(self._scenario.towns, self._seed, number // self._scenario.town_every_episodes)

    def _store(self, episode: Episode, step: Step) -> Arrival:
        action = self._actions[episode.env_index]
        self.replay.add(action, step.reward, step.terminated, step.observation, episode.env_index)
        episode.record.add(step.reward, step.info)
        episode.last_step, episode.last_action = step, action.copy()  # the row is that of the next action soon
        episode.is_over = step.terminated or step.truncated
        if episode.is_over:
            self._skips[episode.env_index].clear()
        return Arrival(episode, None if episode.is_over else step.observation, step)

    def _lose(self, episode: Episode, error: SimulatorLost | SimulatorUnavailable | EpisodeFailed) -> Arrival:
        episode.is_over, episode.error = True, error
        if isinstance(error, SimulatorUnavailable):
            self._retired.add(episode.env_index)
        if isinstance(error, EpisodeFailed):
            episode.record.ending = "skipped"
            self._skips[episode.env_index].add(error)
        else:
            episode.record.ending = "lost"
        return Arrival(episode, None, None)
