"""Evaluates the policy periodically, and at the end."""

from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from av_td3 import metrics
from av_td3.config.callback import Callback
from av_td3.config.experiment import Evaluation
from av_td3.runs.evaluation_videos import drop_videos_after, video_path
from av_td3.runs.trajectories import EVALUATION
from av_td3.simulator.errors import SimulatorUnavailable
from av_td3.training.episode_video import EpisodeVideo
from av_td3.training.evaluation import EvaluationEpisode, evaluate, evaluation_episodes, means, validation_routes, why_drawn
from av_td3.training.publish_video import publish_video
from av_td3.training.schedule import Every

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.collector import Episode
    from av_td3.training.episode import EpisodeRecord
    from av_td3.training.trainer import Trainer


class PeriodicEvaluation(Callback):
    """Runs ``evaluation.episodes`` episodes at the first end of an episode after every ``evaluation.every_steps`` steps.

    They run in one environment; the others wait. A run that is being preempted leaves the evaluation to the process that
    resumes it. The first evaluation after every ``evaluation.video_every_steps`` steps, and the last one, are recorded.
    """

    _settings: Evaluation = PrivateAttr()
    _episodes: list[EvaluationEpisode] = PrivateAttr()
    _note: str | None = None  # why they are not on the validation routes
    _folder: "Path" = PrivateAttr()
    _fps: float = PrivateAttr()  # environment steps per second
    _channels: tuple[int, ...] = ()  # of a frame, by camera
    _due: Every = PrivateAttr()
    _pending: bool = False
    _evaluated_at: int = 0  # step of the last evaluation

    def setup(self, config: "Config", folder: "Path") -> None:
        self._settings, self._folder = config.evaluation, folder
        routes = validation_routes(config)
        self._episodes = evaluation_episodes(config.seed, config.evaluation.episodes, routes, config.scenario.towns)
        self._note = None if routes else f"evaluations drive routes that are drawn from the seed: {why_drawn(config)}"
        self._fps = round(1.0 / config.simulator.fixed_delta_seconds, 3)
        self._channels = tuple(camera.channels(config.observation.color) for camera in config.observation.cameras.values())

    def on_training_start(self, trainer: "Trainer") -> None:
        if self._note is not None:
            trainer.run.display.note(self._note)
        self._due = Every(self._settings.every_steps, done=trainer.step)
        drop_videos_after(self._folder, trainer.step)
        if self._pending:
            self._evaluate(trainer, self._is_video_due(trainer.step))
            self._pending = False

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        if episode.error is not None or trainer.finished or not self._due(trainer.step):
            return
        if trainer.preempted:
            self._pending = True
        else:
            self._evaluate(trainer, self._is_video_due(trainer.step))

    def on_training_end(self, trainer: "Trainer") -> None:
        if trainer.finished:
            self._evaluate(trainer, self._settings.video_every_steps is not None)

    def _is_video_due(self, step: int) -> bool:
        every = self._settings.video_every_steps
        return every is not None and step // every > self._evaluated_at // every

    def _evaluate(self, trainer: "Trainer", has_video: bool) -> None:
        display, log = trainer.run.display, trainer.run.log
        display.note(f"evaluating at step {trainer.step}")
        path = video_path(self._folder, trainer.step)
        video = EpisodeVideo(path, self._fps, self._channels) if has_video else None
        try:
            records, failures = evaluate(trainer.agent, trainer.collector.idle_env, self._episodes, video)
        except SimulatorUnavailable as lost:
            if not trainer.collector.retire_idle_env():
                raise
            display.note(f"no evaluation at step {trainer.step}: {lost}; the run continues without this environment")
            return
        for index, error in failures.items():
            display.note(f"evaluation episode {index} left out: {error}")
        scalars = means(records) | {metrics.EVAL_FAILED_EPISODES: float(len(failures))}
        trainer.score = scalars.get(metrics.EVAL_REWARD, trainer.score)
        log.scalars(scalars, trainer.step)
        for index, record in records.items():
            log.trajectory(EVALUATION, trainer.step, index, record.trajectory)
        if video is not None:
            self._publish(trainer, video, records.get(0))
        display.note("  ".join(f"{name} {value:.4g}" for name, value in scalars.items()))
        self._evaluated_at = trainer.step

    def _publish(self, trainer: "Trainer", video: EpisodeVideo, record: "EpisodeRecord | None") -> None:
        problem = publish_video(video, trainer.run.log, trainer.step, self._episodes[0].route_id, record)
        if problem is not None:
            trainer.run.display.note(f"no video at step {trainer.step}: {problem}")

    def state_dict(self) -> dict[str, Any]:
        return {"pending": self._pending, "evaluated_at": self._evaluated_at}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._pending, self._evaluated_at = state["pending"], state.get("evaluated_at", 0)  # version 0.2.0 had none
