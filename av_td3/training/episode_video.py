"""Records the beginning of an episode: as a video, as a small animation, and what the camera saw."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from av_td3.env.remote_env import RemoteEnv
from av_td3.runs.video import Frame, VideoWriter
from av_td3.training.camera_image import newest_frame

SECONDS = 20.0  # of the episode that are recorded
CRF = 23  # of H.264; 20 s of the built-in simulator take less than 1 MB
ANIMATION_FRAMES = 50
ANIMATION_WIDTH = 420  # pixels
CAMERA_SIZE = 336  # pixels, at least, that the camera's frame is enlarged to


class EpisodeVideo:
    """Records the first 20 s of an episode. Whatever goes wrong costs the video alone.

    Args:
        path: of the ``.mp4``, whose folder is created.
        fps: environment steps per second.
        channels: of a frame of the observation, by camera; empty without one.

    Attributes:
        problem: why there is no video; None as long as nothing went wrong.
        animation: every so many frames, each uint8 (height, ANIMATION_WIDTH, 3).
        animation_fps: frames per second of the animation.
        camera: the newest frame as the policy got it, enlarged without smoothing, uint8 (height, width, 3); empty at first, and
            without a camera.

    """

    def __init__(self, path: Path, fps: float, channels: tuple[int, ...]):
        self.path = path
        self.problem: str | None = None
        self.animation: list[Frame] = []
        self._max_frames = round(SECONDS * fps)
        self._stride = math.ceil(self._max_frames / ANIMATION_FRAMES)
        self.animation_fps = fps / self._stride
        self.camera: Frame = np.zeros((0, 0, 3), np.uint8)
        self._channels = channels
        self._writer: VideoWriter | None = None
        with self._costs_only_the_video():
            path.parent.mkdir(exist_ok=True)
            self._writer = VideoWriter(path, fps, crf=CRF)

    def add(self, env: RemoteEnv, observation: Mapping[str, NDArray[Any]]) -> None:
        """Record a state of the episode, unless 20 s are recorded. Raises what ``RemoteEnv.render`` does."""
        writer = self._writer
        if writer is None or writer.frames >= self._max_frames:
            return
        frame = env.render()
        with self._costs_only_the_video():
            if writer.frames % self._stride == 0:
                self.animation.append(_scaled_down(frame))
            writer.add(frame)
            if self._channels:
                self.camera = _enlarged(newest_frame(observation["image"], self._channels))

    def fail(self, error: Exception) -> None:
        """Give up the video because of an error."""
        self.problem = self.problem or " ".join(f"{type(error).__name__}: {error}".split())
        writer, self._writer = self._writer, None
        if writer is not None:
            with self._costs_only_the_video():
                writer.close(complete=False)

    def close(self) -> None:
        """Write the file, unless the video was given up."""
        if self._writer is not None:
            with self._costs_only_the_video():
                self._writer.close(complete=True)
                self._writer = None

    @contextmanager
    def _costs_only_the_video(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # an encoder raises errors of its own; whatever it is, the run is worth more
            self.fail(error)


def _scaled_down(frame: Frame) -> Frame:
    image = Image.fromarray(frame)
    return np.asarray(image.resize((ANIMATION_WIDTH, ANIMATION_WIDTH * image.height // image.width), Image.Resampling.BOX))


def _enlarged(frame: Frame) -> Frame:
    factor = math.ceil(CAMERA_SIZE / frame.shape[0])
    return frame.repeat(factor, axis=0).repeat(factor, axis=1)
