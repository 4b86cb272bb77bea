"""The videos of a run on its page: the first and the last."""

import base64
import os
from pathlib import Path
from typing import NamedTuple

from av_td3.runs.evaluation_videos import EvaluationVideo, read_videos

MAX_EMBEDDED_BYTES = 3_000_000  # of a file that becomes a part of the page


class PageVideo(NamedTuple):
    """A video on the page.

    Attributes:
        title: environment step, route completion and ending of the episode.
        name: of the file.
        uri: the video as a data URI; None where it is too large.
        link: its path relative to the page.
        camera: what the camera saw at its end, as a data URI; None where there is none.

    """

    title: str
    name: str
    uri: str | None
    link: str
    camera: str | None


def first_and_last_video(run: Path, page_folder: Path) -> list[PageVideo]:
    """The first and the last video of a run; one, or none, where it has no more.

    Args:
        run: folder of the run.
        page_folder: folder of the page.

    """
    videos = read_videos(run)
    return [_page_video(video, run, page_folder) for video in [*videos[:1], *videos[1:][-1:]]]


def _page_video(video: EvaluationVideo, run: Path, page_folder: Path) -> PageVideo:
    path = video.path(run)
    return PageVideo(
        f"Step {video.step:,}: {100.0 * video.route_completion:.0f} % of route {video.route}, {video.ending}",
        path.name,
        _data_uri(path, "video/mp4"),
        Path(os.path.relpath(path, page_folder)).as_posix(),
        _data_uri(video.camera_path(run), "image/png"),
    )


def _data_uri(path: Path, kind: str) -> str | None:
    """A file as a data URI; None where it is too large, or cannot be read."""
    try:
        if path.stat().st_size > MAX_EMBEDDED_BYTES:
            return None
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError:
        return None
