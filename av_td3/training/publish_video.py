"""Finishes the video of an evaluation, and shows it in TensorBoard."""

import io

from PIL import Image
from tensorboard.compat.proto.summary_pb2 import Summary

from av_td3 import metrics
from av_td3.runs.animation import animated_gif
from av_td3.runs.evaluation_videos import EvaluationVideo, camera_path, write_facts
from av_td3.runs.files import write_atomically
from av_td3.runs.log import RunLog
from av_td3.runs.summaries import image_summary
from av_td3.runs.video import Frame
from av_td3.training.episode import EpisodeRecord
from av_td3.training.episode_video import EpisodeVideo

MAX_GIF_BYTES = 2_000_000


def publish_video(video: EpisodeVideo, log: RunLog, step: int, route: str, record: EpisodeRecord | None) -> str | None:
    """Write the video's files into the run's folder, and its images to TensorBoard.

    Args:
        video: of the first episode of an evaluation.
        log: of the run.
        step: environment step of the evaluation.
        route: id of the episode's route.
        record: of the episode; None where it failed.

    Returns:
        Why there is no video, or None.

    """
    video.close()
    if video.problem is not None:
        return video.problem
    if record is None:
        return "its episode failed"
    camera = _png(video.camera) if video.camera.size else None
    try:
        if camera is not None:
            write_atomically(camera_path(log.folder, step), lambda file: file.write(camera))
        write_facts(log.folder, EvaluationVideo(step, route, record.route_completion, record.ending))
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    gif = animated_gif(video.animation, video.animation_fps, MAX_GIF_BYTES)
    log.summary(_summary(metrics.EVAL_VIDEO, gif, video.animation[0]), step)
    if camera is not None:
        log.summary(_summary(metrics.EVAL_CAMERA, camera, video.camera), step)
    return None


def _summary(tag: str, encoded: bytes, frame: Frame) -> Summary:
    height, width = frame.shape[:2]
    return image_summary(tag, encoded, width, height)


def _png(frame: Frame) -> bytes:
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "PNG")
    return file.getvalue()
