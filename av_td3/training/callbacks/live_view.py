"""Shows what the environments see and do to those who watch the run."""

import base64
import io
import math
import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import PrivateAttr

from av_td3.config.callback import Callback
from av_td3.runs.live import Audience, FinishedEpisode, LiveFrame, remove_live, write_frame
from av_td3.training.camera_image import newest_frame

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer

WRITE_INTERVAL = 0.1  # s between frames of an environment
MAX_TRAIL = 500  # points
COMPRESSION = 1  # of PNG: the fastest


class LiveView(Callback):
    """Writes ``live/`` while ``av-td3 watch`` runs; otherwise it only looks for that. It reads the run and changes nothing."""

    _folder: "Path" = PrivateAttr()  # of the run
    _audience: Audience = PrivateAttr()
    _action_names: tuple[str, ...] = ()
    _channels: tuple[int, ...] = ()  # of a frame, by camera
    _route_lengths: dict[int, float] = PrivateAttr(default_factory=dict)  # m, by environment
    _written: dict[int, float] = PrivateAttr(default_factory=dict)  # when (s), by environment
    _previous: dict[int, FinishedEpisode] = PrivateAttr(default_factory=dict)  # by environment
    _failed: bool = False

    def setup(self, config: "Config", folder: "Path") -> None:
        remove_live(folder)  # of a process that was killed
        self._folder, self._audience = folder, Audience(folder)
        self._action_names = config.action.names
        observation = config.observation
        self._channels = tuple(camera.channels(observation.color) for camera in observation.cameras.values())

    def on_episode_start(self, trainer: "Trainer", episode: "Episode") -> None:
        self._route_lengths[episode.env_index] = trainer.collector.idle_env.route_length

    def on_step(self, trainer: "Trainer", episode: "Episode") -> None:
        now = time.monotonic()
        if self._failed or not self._audience.is_present(now):
            return
        if now - self._written.get(episode.env_index, -math.inf) < WRITE_INTERVAL and not episode.is_over:
            return
        self._written[episode.env_index] = now
        try:
            write_frame(self._folder, episode.env_index, self._frame(trainer, episode))
        except Exception as error:  # whatever it is, the run is worth more than its view
            self._failed = True
            trainer.run.display.note(f"av-td3 watch gets no more frames of this run: {type(error).__name__}: {error}")

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        record = episode.record
        self._previous[episode.env_index] = FinishedEpisode(
            episode=episode.number,
            ending=record.ending,
            reward=_finite(record.reward),
            route_completion=record.route_completion,
        )

    def close(self) -> None:
        remove_live(self._folder)

    def _frame(self, trainer: "Trainer", episode: "Episode") -> LiveFrame:
        record, step, action = episode.record, episode.last_step, episode.last_action
        assert step is not None
        assert action is not None
        return LiveFrame(
            step=trainer.step,
            total_steps=trainer.total_steps,
            score=_finite(trainer.score),
            episode=episode.number,
            episode_step=record.length,
            action={name: _finite(value) for name, value in zip(self._action_names, action.tolist(), strict=True)},
            speed=_finite(step.info["speed"]),
            position=step.info["position"],
            trail=_thinned([(round(point.x, 2), round(point.y, 2)) for point in record.trajectory]),
            terms={name: _finite(value) for name, value in step.info["terms"].items()},
            reward=_finite(step.reward),
            episode_reward=_finite(record.reward),
            route_completion=self._completion(episode),
            ending=record.ending if episode.is_over else None,
            previous=self._previous.get(episode.env_index),
            image=_as_png(step.observation["image"], self._channels) if self._channels else None,
        )

    def _completion(self, episode: "Episode") -> float | None:
        """Fraction of the route; at the end of an episode, what is logged."""
        length = self._route_lengths.get(episode.env_index, 0.0)
        if episode.is_over:
            return episode.record.route_completion
        return min(1.0, max(0.0, episode.record.distance / length)) if length > 0.0 else None


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Every so many points, and the last one."""
    return [*points[: -1 : math.ceil(len(points) / MAX_TRAIL)], points[-1]]


def _as_png(image: NDArray[np.uint8], channels: tuple[int, ...]) -> str:
    """Encode the newest frame of a stack as PNG in base64; the arguments are those of ``newest_frame``."""
    file = io.BytesIO()
    Image.fromarray(newest_frame(image, channels)).save(file, "PNG", compress_level=COMPRESSION)
    return base64.b64encode(file.getvalue()).decode()
