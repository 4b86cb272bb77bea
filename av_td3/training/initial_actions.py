"""Actions before learning starts, which fill the replay: random ones, or those of a driver (``replay.fill_with``)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from av_td3.config.experiment import Config
from av_td3.evaluation.build import build_driver
from av_td3.evaluation.driver import Driver, Info, Observation
from av_td3.training.collector import NO_OPTIONS, Episode
from av_td3.training.exploration import Exploration


class InitialActions(ABC):
    """Chooses the actions before learning starts.

    Attributes:
        reset_options: options of ``CarlaEnv.reset`` for the episodes that it may act in.

    """

    reset_options: ClassVar[Mapping[str, Any]] = NO_OPTIONS

    @abstractmethod
    def choose(self, episode: Episode, observation: Observation, info: Info, step: int) -> NDArray[np.float32]:
        """Choose an action.

        Args:
            episode: in progress.
            observation: its newest one.
            info: that came with it.
            step: environment steps of the run so far.

        Returns:
            float32 (action size,), each component in [-1, 1].

        """


class RandomActions(InitialActions):
    """Uniform actions, each held for ``algorithm.random_action_steps`` steps.

    Args:
        exploration: draws them.

    """

    def __init__(self, exploration: Exploration):
        self._exploration = exploration

    def choose(self, episode: Episode, observation: Observation, info: Info, step: int) -> NDArray[np.float32]:
        """Draw an action, or hold the last one."""
        return self._exploration.random(episode.env_index)


class DriverActions(InitialActions):
    """Actions of a driver with exploration noise, without which the replay would hold one action for each state.

    The drivers start afresh in each episode, so a resumed run needs no state of them.

    Args:
        drivers: one for each environment.
        exploration: draws the noise.

    """

    reset_options: ClassVar[Mapping[str, Any]] = {"observe_traffic": True}

    def __init__(self, drivers: Sequence[Driver], exploration: Exploration):
        self._drivers = drivers
        self._exploration = exploration

    def choose(self, episode: Episode, observation: Observation, info: Info, step: int) -> NDArray[np.float32]:
        """Let the driver of the environment act, and add noise."""
        driver = self._drivers[episode.env_index]
        if episode.last_step is None:
            driver.begin(info, episode.seed)
        return self._exploration.noisy(driver.act(observation, info), step)


def make_initial_actions(config: Config, exploration: Exploration, num_envs: int) -> InitialActions:
    """Make what ``replay.fill_with`` names.

    Args:
        config: of the experiment.
        exploration: draws random actions and noise.
        num_envs: environments that act at the same time.

    """
    kind = config.replay.fill_with
    if kind is None:
        return RandomActions(exploration)
    return DriverActions([build_driver(kind, config) for _ in range(num_envs)], exploration)
