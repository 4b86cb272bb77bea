"""Writes the run's records: scalars, episodes, trajectories, the town's map, and the status that others read."""

from typing import TYPE_CHECKING

from av_td3 import metrics
from av_td3.config.callback import Callback
from av_td3.env.errors import EpisodeFailed
from av_td3.runs.status import RUNNING
from av_td3.runs.trajectories import TRAINING
from av_td3.simulator.errors import SimulatorUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer

NEXT = {EpisodeFailed: "", SimulatorUnavailable: "; the run continues without this environment"}  # of an episode that was lost


class RunLogger(Callback):
    """Logs each point of measurements and each training episode."""

    _has_one_town: bool = True  # else there is no map, because one town's lanes would be drawn below the trajectories of all

    def setup(self, config: "Config", folder: "Path") -> None:
        self._has_one_town = len(config.scenario.towns) < 2

    def on_episode_start(self, trainer: "Trainer", episode: "Episode") -> None:
        if self._has_one_town:
            trainer.run.log.town(trainer.collector.idle_env.map_lanes)
        for note in trainer.collector.idle_env.take_notes():
            trainer.run.display.note(note)

    def on_measurements(self, trainer: "Trainer", scalars: dict[str, float]) -> None:
        trainer.run.log.scalars(scalars, trainer.step)
        self._count_restarts(trainer)
        trainer.run.status.write(RUNNING, trainer.step)

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        """A skipped or demonstrated episode is a row of the table, and nothing else: it says nothing about the policy."""
        log, record = trainer.run.log, episode.record
        self._count_restarts(trainer)
        self._note(trainer, episode)
        if not isinstance(episode.error, EpisodeFailed) and not episode.demonstrated:
            log.scalars(record.training_scalars(), trainer.step)
        log.episode(record.row(episode.number, trainer.step))
        log.trajectory(TRAINING, trainer.step, episode.number, record.trajectory)

    def on_training_end(self, trainer: "Trainer") -> None:
        self._count_restarts(trainer)

    def _count_restarts(self, trainer: "Trainer") -> None:
        """Also before the first measurements."""
        restarts = trainer.collector.simulator_restarts
        if restarts != trainer.run.status.simulator_restarts:
            trainer.run.log.scalars({metrics.SIMULATOR_RESTARTS: float(restarts)}, trainer.step)
            trainer.run.status.simulator_restarts = restarts

    def _note(self, trainer: "Trainer", episode: "Episode") -> None:
        if episode.error is not None:
            then = NEXT.get(type(episode.error), "; restarting the simulator")
            line = f"episode {episode.number} {episode.record.ending} at step {trainer.step}: {episode.error}{then}"
            trainer.run.display.note(line)
