"""``videos/`` of a run: the beginning of an evaluation's first episode, and what the camera saw at its end."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from av_td3.runs.files import check_is_file, write_json

VIDEOS = "videos"


@dataclass(frozen=True)
class EvaluationVideo:
    """A video, ``step-000002533.mp4``; beside it are ``step-000002533-camera.png``, and these facts in ``.json``.

    Attributes:
        step: environment step of the evaluation.
        route: id of the route; ``drawn`` where it is drawn from the seed.
        route_completion: of the whole episode, 0 to 1.
        ending: how the episode ended.

    """

    step: int
    route: str
    route_completion: float
    ending: str

    def path(self, folder: Path) -> Path:
        """The video in a run's folder."""
        return video_path(folder, self.step)

    def camera_path(self, folder: Path) -> Path:
        """The image of the camera in a run's folder."""
        return camera_path(folder, self.step)


def video_path(folder: Path, step: int) -> Path:
    """The file of a step's video in the folder of a run."""
    return folder / VIDEOS / f"step-{step:09}.mp4"


def camera_path(folder: Path, step: int) -> Path:
    """The file of the image that the camera saw."""
    return folder / VIDEOS / f"step-{step:09}-camera.png"


def write_facts(folder: Path, video: EvaluationVideo) -> None:
    """Write the facts of a video. Raises OSError."""
    write_json(video.path(folder).with_suffix(".json"), asdict(video))


def read_videos(folder: Path) -> list[EvaluationVideo]:
    """The videos of a run by step. Those whose facts cannot be read are left out."""
    read = [_read(path) for path in sorted((folder / VIDEOS).glob("step-*.json"))]
    return [video for video in read if video is not None and video.path(folder).is_file()]


def drop_videos_after(folder: Path, step: int) -> None:
    """Delete the videos of later steps, which an earlier process recorded and this one will come to again."""
    for path in (folder / VIDEOS).glob("step-*"):
        number = path.name.removeprefix("step-")[:9]
        if number.isdecimal() and int(number) > step:
            path.unlink(missing_ok=True)
    for path in (folder / VIDEOS).glob(".step-*"):  # of a process that was killed while it wrote
        path.unlink(missing_ok=True)


def _read(path: Path) -> EvaluationVideo | None:
    try:
        check_is_file(path)
        return TypeAdapter(EvaluationVideo).validate_python(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError, ValidationError):
        return None
