"""Shows how far the run is and its newest numbers."""

import time
from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from av_td3.config.callback import Callback
from av_td3.env.errors import EpisodeFailed
from av_td3.training.progress import Progress

if TYPE_CHECKING:
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer

REFRESH_INTERVAL = 0.25  # s
SMOOTHING = 0.1  # weight of the newest episode in the reward and length that are shown


class ShowProgress(Callback):
    """Keeps the progress display current: every quarter of a second, and at the last step."""

    _scalars: dict[str, float] = PrivateAttr(default_factory=dict)
    _reward: float | None = None
    _length: float | None = None
    _demonstrated: bool = False  # whether they are of the driver that fills the replay
    _shown: tuple[float, int] = (0.0, 0)  # when, and at which step
    _learning_since: tuple[float, int] | None = None  # likewise
    _episode_ended: float = 0.0  # when

    def on_training_start(self, trainer: "Trainer") -> None:
        self._shown = (time.monotonic(), trainer.step)

    def on_measurements(self, trainer: "Trainer", scalars: dict[str, float]) -> None:
        self._scalars = self._scalars | scalars

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        self._episode_ended = time.monotonic()
        if episode.demonstrated != self._demonstrated:  # reward and length are of one driver
            self._demonstrated, self._reward, self._length = episode.demonstrated, None, None
        if not isinstance(episode.error, EpisodeFailed):
            self._reward = _smoothed(self._reward, episode.record.reward)
            self._length = _smoothed(self._length, episode.record.length)

    def on_checkpoint(self, trainer: "Trainer", episode: "Episode | None") -> None:
        """Leave an evaluation, which has come between the episode's end and this, out of the speed."""
        then, step = self._shown
        self._shown = (then + time.monotonic() - self._episode_ended, step)

    def on_step(self, trainer: "Trainer", episode: "Episode") -> None:
        now, (then, step) = time.monotonic(), self._shown
        if now - then < REFRESH_INTERVAL and not trainer.finished:
            return
        self._shown = (now, trainer.step)
        speed = (trainer.step - step) / max(1e-9, now - then)
        learning = trainer.agent.updates > 0
        if learning and self._learning_since is None:
            self._learning_since = (now, trainer.step)
        trainer.run.display.show(
            Progress(
                phase="learning" if learning else "exploring",
                step=trainer.step,
                total_steps=trainer.total_steps,
                episodes=trainer.collector.episodes_started,
                numbers={
                    "reward": self._reward,
                    "length": self._length,
                    **{label: self._scalars.get(tag) for label, tag in trainer.agent.progress_tags.items()},
                },
                steps_per_second=speed,
                seconds_left=self._seconds_left(now, trainer.step, trainer.total_steps),
            )
        )

    def _seconds_left(self, now: float, step: int, total_steps: int) -> float | None:
        """At the average speed since learning began, evaluations included; None before there is one."""
        if self._learning_since is None or step <= self._learning_since[1]:
            return None
        since, first = self._learning_since
        return (total_steps - step) * (now - since) / (step - first)


def _smoothed(old: float | None, new: float) -> float:
    return new if old is None else old * (1.0 - SMOOTHING) + new * SMOOTHING
