"""Records what is shown of a run."""

from pathlib import Path
from types import TracebackType

from av_td3.runs.town_map import Points, read_lanes
from av_td3.runs.video import VideoWriter
from av_td3.watch.live_state import LiveRun
from av_td3.watch.recorded_frame import draw_frame

FPS = 10.0  # as often as a run writes frames at most
ENV_INDEX = 0  # of the environment that is recorded
SMALLEST_TERM = 1e-9


class Recorder:
    """Adds each new frame of the first environment to a video, as a context manager. Pauses of the run are cut out.

    Args:
        run: to record.
        path: of the video: ``.mp4``, ``.webp`` or ``.gif``.

    Attributes:
        frames: number of frames so far. Without any, no file is written.

    """

    def __init__(self, run: LiveRun, path: Path):
        self._run, self._path = run, path
        self._video: VideoWriter | None = None
        self._last: int | None = None  # number of the newest frame in the video
        self._lanes: list[Points] = []
        self._largest_term = SMALLEST_TERM

    @property
    def frames(self) -> int:
        return 0 if self._video is None else self._video.frames

    def update(self) -> None:
        """Add the newest frame, if it is new. Raises OSError if the video cannot be written."""
        newest = self._run.newest(ENV_INDEX)
        if newest is None or newest.number == self._last:
            return
        self._last, frame = newest.number, newest.frame
        if frame.ending is None:  # what an ending pays would shrink all other bars to nothing
            self._largest_term = max([self._largest_term, *(abs(value or 0.0) for value in frame.terms.values())])
        self._lanes = self._lanes or read_lanes(self._run.folder)
        if self._video is None:
            self._video = VideoWriter(self._path, FPS)
        self._video.add(draw_frame(frame, self._lanes, self._largest_term))

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        if self._video is not None:  # Ctrl-C may come before its first frame
            self._video.close(complete=kind is None and self.frames > 0)
