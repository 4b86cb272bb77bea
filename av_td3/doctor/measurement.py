"""Measures what the parts of a run cost, by training for some seconds as the run would."""

import io
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from av_td3.agents.agent import Agent
from av_td3.agents.compute import choose
from av_td3.cluster.preemption import PreemptionHandler
from av_td3.config.experiment import Config
from av_td3.config.observation import Observation
from av_td3.doctor.stopwatch import Stopwatch
from av_td3.runs.episodes import read_episodes
from av_td3.runs.errors import RunFailed
from av_td3.runs.folder import CHECKPOINTS, REPLAY, TENSORBOARD
from av_td3.runs.status import RunStatus
from av_td3.training.assembly import assemble
from av_td3.training.callbacks.core_sharing import CoreSharing
from av_td3.training.callbacks.run_logger import RunLogger
from av_td3.training.trainer import Trainer

EXPLORING_STEPS = 300
LEARNING_SECONDS = 12.0
MAX_SECONDS = 90.0
MAX_SLOTS = 20_000  # of the replay; sampling from a larger one costs the same
ACTIONS = 20  # of the policy, that are timed
ENDLESS = 10**9  # steps


@dataclass(frozen=True)
class Measured:
    """What the parts of a run cost.

    Attributes:
        start: s from the start of the process to the first episode.
        reset: s between two episodes of an environment.
        exploring_step: s per environment step before learning starts.
        learning_step: s per environment step with its updates; None where the run does not learn.
        act: s per action of the policy.
        checkpoint: s per checkpoint.
        episode_length: steps per episode.
        state_bytes: of a checkpoint without the replay.
        replay_bytes: of the replay on disk, per step.
        table_bytes: of the tables, per step.
        scalar_bytes: of TensorBoard, per scalar.
        scalars_per_point: tags, on average, that are logged every ``logging.every_updates`` updates.
        scalars_per_episode: tags that are logged per episode.
        gpu_bytes: of the GPU's memory that PyTorch has reserved; 0 on a CPU.

    """

    start: float
    reset: float
    exploring_step: float
    learning_step: float | None
    act: float
    checkpoint: float
    episode_length: float
    state_bytes: float
    replay_bytes: float
    table_bytes: float
    scalar_bytes: float
    scalars_per_point: float
    scalars_per_episode: int
    gpu_bytes: float


def measure(config: Config, started: float, folder: Path) -> Measured:
    """Train for some seconds: the real environments, agent, replay and log.

    Callbacks of the configuration are left out, as some write to other places: evaluations, checkpoints, Weights & Biases.

    Args:
        config: of the run.
        started: when this process was started, by time.monotonic.
        folder: an empty folder, for the run's files.

    Raises:
        RunFailed: the run cannot continue, or is too slow to be measured.
        SimulatorUnavailable: the simulator cannot be as configured.

    """
    learns = config.total_steps > config.algorithm.learning_starts
    stopwatch = Stopwatch(
        exploring_steps=EXPLORING_STEPS, learning_seconds=LEARNING_SECONDS if learns else 0.0, max_seconds=MAX_SECONDS
    )
    preemption = PreemptionHandler(grace=0.0)
    with ExitStack() as stack:
        stack.callback(preemption.close)
        compute, console = choose(config.hardware), Console(file=io.StringIO())
        trainer = assemble(_shortened(config, stopwatch), compute, folder, console, RunStatus(folder), preemption, stack)
        trainer.train()
        if learns and stopwatch.learning_step is None:
            raise RunFailed(f"{trainer.step} steps in {MAX_SECONDS:g} s are too few for a forecast")
        act = _time_of_action(trainer.agent, config.observation)
        checkpoint = _time_of_checkpoint(trainer)
        # Where there was no point yet, the agent's tags are known, which are most of them.
        scalars = stopwatch.scalars_per_point or float(len(trainer.agent.drain()))
        gpu_bytes = torch.cuda.max_memory_reserved(compute.device) if compute.device.type == "cuda" else 0
    episodes, steps, logged = trainer.collector.episodes_started, trainer.step, len(read_episodes(folder))
    points = trainer.agent.updates // config.logging.every_updates
    return Measured(
        start=stopwatch.began - started,
        reset=stopwatch.reset,
        exploring_step=stopwatch.exploring_step,
        learning_step=stopwatch.learning_step,
        act=act,
        checkpoint=checkpoint,
        episode_length=steps / episodes,
        state_bytes=_size(folder / CHECKPOINTS),
        replay_bytes=_size(folder / REPLAY) / steps,
        table_bytes=sum(table.stat().st_size for table in folder.glob("*.csv")) / steps,
        scalar_bytes=_size(folder / TENSORBOARD) / max(1, points * scalars + logged * stopwatch.scalars_per_episode),
        scalars_per_point=scalars,
        scalars_per_episode=stopwatch.scalars_per_episode,
        gpu_bytes=float(gpu_bytes),
    )


def _shortened(config: Config, stopwatch: Stopwatch) -> Config:
    """The config of a run that explores only as long as it is timed."""
    slots = min(config.algorithm.buffer_size, MAX_SLOTS)
    algorithm = config.algorithm.model_copy(update={"learning_starts": EXPLORING_STEPS, "buffer_size": slots})
    callbacks = {"log": RunLogger(), "cores": CoreSharing(), "stopwatch": stopwatch}
    return config.model_copy(update={"total_steps": ENDLESS, "algorithm": algorithm, "callbacks": callbacks})


def _time_of_action(agent: Agent, observation: Observation) -> float:
    seen: dict[str, NDArray[Any]] = {
        "image": np.zeros(observation.image_shape, np.uint8),
        "vector": np.zeros(observation.vector_size, np.float32),
    }
    agent.act(seen)
    began = time.monotonic()
    for _ in range(ACTIONS):
        agent.act(seen)
    return (time.monotonic() - began) / ACTIONS


def _time_of_checkpoint(trainer: Trainer) -> float:
    began = time.monotonic()
    state = trainer.state_dict() | {"log": trainer.run.log.cursor(trainer.step)}
    trainer.run.checkpoints.save(trainer.step, state, trainer.collector.replay)
    return time.monotonic() - began


def _size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
