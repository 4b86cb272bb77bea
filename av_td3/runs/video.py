"""Videos: ``.mp4`` (H.264), and ``.webp`` and ``.gif`` as animated images."""

import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from av_td3.config.errors import ConfigError

Frame = NDArray[np.uint8]  # (height, width, 3), red, green, blue

MP4, ANIMATED = ".mp4", (".webp", ".gif")
SUFFIXES = (MP4, *ANIMATED)
CRF = 18  # of H.264: visually lossless
WEBP_QUALITY = 80  # 0 to 100


def write_video(path: Path, frames: Iterable[Frame], fps: float) -> None:
    """Write a video of at least one frame; arguments and errors are those of VideoWriter."""
    with VideoWriter(path, fps) as video:
        for frame in frames:
            video.add(frame)


class VideoWriter:
    """Writes a video frame by frame, as a context manager. The file is there once the context has ended without an error.

    An MP4 is encoded as frames come. The frames of an animated image are kept in memory until the end.

    Args:
        path: of the file, which is replaced; the suffix selects the format: ``.mp4``, ``.webp`` or ``.gif``.
        fps: frames per second, positive.
        crf: constant rate factor of an MP4, 0 to 51; larger is smaller and worse.

    Raises:
        ConfigError: the suffix is another one, or the package that writes MP4 is not installed.
        OSError: the file cannot be written.

    Attributes:
        frames: number of frames so far.

    """

    def __init__(self, path: Path, fps: float, crf: int = CRF):
        check_video_path(path)
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}")
        self._shape: tuple[int, ...] | None = None
        is_mp4 = path.suffix.lower() == MP4
        self._encoder: _Encoder = (
            _Mp4(self._temporary, fps, crf) if is_mp4 else _AnimatedImage(self._temporary, path.suffix, fps)
        )
        self.frames = 0

    def add(self, frame: Frame) -> None:
        """Add a frame, uint8 (height, width, 3) in RGB. Raises ValueError for another shape than that of the first frame."""
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(f"frame: is {frame.dtype} {frame.shape}; must be uint8 (height, width, 3)")
        if self._shape is not None and frame.shape != self._shape:
            raise ValueError(f"frame: has shape {frame.shape}, the first one had {self._shape}; all frames have one size")
        self._shape = frame.shape
        self._encoder.add(frame)
        self.frames += 1

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.close(complete=kind is None)

    def close(self, *, complete: bool) -> None:
        """Write the file, or leave no trace of a video that is not complete; the end of the context does it, too."""
        try:
            if complete and self.frames == 0:
                raise ValueError(f"{self._path}: a video needs at least one frame")
            self._encoder.close(complete=complete)
            if complete:
                self._temporary.replace(self._path)
        finally:
            self._temporary.unlink(missing_ok=True)


def check_video_path(path: Path) -> None:
    """Raise ConfigError where VideoWriter cannot write a file of this name, and OSError where its folder is missing."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(f"{path}: the name of a video must end with {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    if suffix == MP4:
        _import_av(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}")


def _import_av(path: Path) -> Any:
    try:
        import av
    except ImportError:
        raise ConfigError(f"{path}: writing MP4 needs the package av: pip install 'av-td3[train]'; .webp needs none") from None
    return av


class _Encoder(Protocol):
    def add(self, frame: Frame) -> None: ...

    def close(self, *, complete: bool) -> None: ...


class _Mp4:
    """H.264 in yuv420p with the index at the start, which every browser and presentation program plays."""

    def __init__(self, path: Path, fps: float, crf: int):
        self._av = _import_av(path)
        self._container = self._av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._stream = self._container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": str(crf)}

    def add(self, frame: Frame) -> None:
        height, width = frame.shape[:2]
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")  # yuv420p halves the color planes
        if not self._stream.codec_context.is_open:  # the first frame opens it
            self._stream.height, self._stream.width = frame.shape[:2]
        image = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        self._container.mux(self._stream.encode(image))

    def close(self, *, complete: bool) -> None:
        if complete:
            self._container.mux(self._stream.encode())
        self._container.close()


class _AnimatedImage:
    """Repeats forever."""

    def __init__(self, path: Path, suffix: str, fps: float):
        self._path, self._format, self._duration = path, suffix[1:].upper(), 1000.0 / fps
        self._images: list[Image.Image] = []

    def add(self, frame: Frame) -> None:
        self._images.append(Image.fromarray(frame.copy()))

    def close(self, *, complete: bool) -> None:
        if not complete:
            return
        first, *others = self._images
        first.save(
            self._path,
            self._format,
            save_all=True,
            append_images=others,
            duration=round(self._duration),  # ms of each frame
            loop=0,
            quality=WEBP_QUALITY,
        )
