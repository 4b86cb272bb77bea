"""A callback that times the steps and resets of a training."""

import time
from statistics import fmean
from typing import TYPE_CHECKING, Annotated

from pydantic import PrivateAttr

from av_td3.config.callback import Callback
from av_td3.config.limits import Interval

if TYPE_CHECKING:
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer

WARMUP_UPDATES = 5  # not timed: torch.compile and the GPU's libraries start in them
MIN_STEPS = 10  # of learning that are timed, however long they take


class Stopwatch(Callback):
    """Stops the training when enough is timed.

    With a single environment, resets are not part of the steps' times. Several environments reset while others step.

    Args:
        exploring_steps: steps before learning starts.
        learning_seconds: s of learning; 0 stops before learning starts.
        max_seconds: s of both together, even if too little was timed.

    """

    exploring_steps: Annotated[int, Interval(0, 1e9)]
    learning_seconds: Annotated[float, Interval(0.0, 86400.0, "seconds")]
    max_seconds: Annotated[float, Interval(0.0, 86400.0, "seconds")]
    _began: float = PrivateAttr(0.0)  # when the first episode began
    _last: float | None = PrivateAttr(None)  # when the last step was done, or its episode began
    _ended: dict[int, float] = PrivateAttr(default_factory=dict)  # when the last episode ended, by environment
    _learning_since: float | None = PrivateAttr(None)
    _exploring: list[float] = PrivateAttr(default_factory=list)
    _learning: list[float] = PrivateAttr(default_factory=list)
    _resets: list[float] = PrivateAttr(default_factory=list)
    _scalars_per_point: list[int] = PrivateAttr(default_factory=list)
    _scalars_per_episode: int = PrivateAttr(0)

    def on_episode_start(self, trainer: "Trainer", episode: "Episode") -> None:
        now = time.monotonic()
        self._began = self._began or now
        if episode.env_index in self._ended:
            self._resets.append(now - self._ended[episode.env_index])
        if self._last is None:
            self._last = now

    def on_step(self, trainer: "Trainer", episode: "Episode") -> None:
        now, updates = time.monotonic(), trainer.agent.updates
        if self._last is not None and updates == 0:
            self._exploring.append(now - self._last)
        elif self._last is not None and updates > WARMUP_UPDATES:
            self._learning_since = self._learning_since or now
            self._learning.append(now - self._last)
        self._last = now
        if self._has_enough(trainer.step, now) or now - self._began > self.max_seconds:
            trainer.stop("enough is timed")

    def on_measurements(self, trainer: "Trainer", scalars: dict[str, float]) -> None:
        self._scalars_per_point.append(len(scalars))

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        self._scalars_per_episode = len(episode.record.training_scalars())
        self._ended[episode.env_index] = time.monotonic()
        if len(trainer.collector) == 1:
            self._last = None

    def _has_enough(self, step: int, now: float) -> bool:
        if self.learning_seconds == 0.0:
            return step >= self.exploring_steps
        timed = self._learning_since is not None and now - self._learning_since > self.learning_seconds
        return timed and len(self._learning) >= MIN_STEPS

    @property
    def began(self) -> float:
        """When the first episode began, by time.monotonic."""
        return self._began

    @property
    def scalars_per_point(self) -> float:
        """Mean number of tags that ``logging.every_updates`` updates log; 0 where there were fewer updates."""
        return fmean(self._scalars_per_point) if self._scalars_per_point else 0.0

    @property
    def scalars_per_episode(self) -> int:
        """Number of tags that an episode logs; 0 where none has ended."""
        return self._scalars_per_episode

    @property
    def exploring_step(self) -> float:
        """Seconds per step before learning starts."""
        return fmean(self._exploring)

    @property
    def learning_step(self) -> float | None:
        """Seconds per step with its updates; None where nothing was learned."""
        return fmean(self._learning) if self._learning else None

    @property
    def reset(self) -> float:
        """Seconds between two episodes of an environment; 0 where none has ended."""
        return fmean(self._resets) if self._resets else 0.0
