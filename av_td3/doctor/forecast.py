"""What a run will cost: time, memory and disk. Within a factor of 1.5 for time and disk on the built-in simulator (a test)."""

import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from av_td3.config.experiment import Config
from av_td3.doctor.check import Check, ok, problem
from av_td3.doctor.measurement import Measured, measure
from av_td3.training.callbacks.periodic_checkpoints import PeriodicCheckpoints
from av_td3.training.callbacks.periodic_evaluation import PeriodicEvaluation
from av_td3.training.memory_needs import replay_bytes


@dataclass(frozen=True)
class Forecast:
    """What a run will cost.

    Attributes:
        exploring_steps_per_hour: environment steps before learning starts, with resets.
        learning_steps_per_hour: the same with updates; None where the run does not learn.
        training: s, without evaluations and checkpoints.
        evaluation: s of all evaluations.
        seconds: s from the start to the last step, everything included.
        replay_memory: bytes of memory that the replay takes when the run ends.
        disk: bytes in the run's folder at its end.

    """

    exploring_steps_per_hour: float
    learning_steps_per_hour: float | None
    training: float
    evaluation: float
    seconds: float
    replay_memory: float
    disk: float


def forecast(config: Config, measured: Measured) -> Forecast:
    """Add up the costs of the parts.

    Args:
        config: of the run.
        measured: what the parts cost on this machine.

    """
    resets = measured.reset / measured.episode_length if config.hardware.num_envs == 1 else 0.0
    exploring_step = measured.exploring_step + resets
    learning_step = (measured.learning_step or 0.0) + resets
    exploring = min(config.total_steps, config.algorithm.learning_starts)
    training = exploring * exploring_step + (config.total_steps - exploring) * learning_step
    evaluation = _evaluation_seconds(config, measured)
    checkpoints = _times(config, PeriodicCheckpoints, config.checkpoint.every_steps)
    return Forecast(
        exploring_steps_per_hour=3600.0 / exploring_step,
        learning_steps_per_hour=None if measured.learning_step is None else 3600.0 / learning_step,
        training=training,
        evaluation=evaluation,
        seconds=measured.start + training + evaluation + checkpoints * measured.checkpoint,
        replay_memory=replay_bytes(config) * min(1.0, config.total_steps / config.algorithm.buffer_size),
        disk=_disk_bytes(config, measured, checkpoints),
    )


def check_forecast(config: Config, started: float, outputs: Path, job_minutes: int | None) -> Iterator[Check]:
    """Measure, and say what the run will cost. Called in a process of its own.

    Args:
        config: of the run.
        started: when this process was started, by time.monotonic.
        outputs: existing folder on the disk that the run will write to.
        job_minutes: time limit of a job on SLURM; None outside of it.

    """
    with TemporaryDirectory(prefix="av_td3-doctor-") as folder:
        measured = measure(config, started, Path(folder))
    expected = forecast(config, measured)
    speed = expected.learning_steps_per_hour or expected.exploring_steps_per_hour
    phases = " while learning" if expected.learning_steps_per_hour else ""
    text = (
        f"{speed:,.0f} steps per hour{phases}, {in_words(expected.seconds)} for total_steps={config.total_steps} "
        f"({in_words(expected.evaluation)} of it evaluations)"
    )
    if job_minutes is not None and expected.seconds > 60.0 * job_minutes:
        text += f", in {math.ceil(expected.seconds / 60.0 / job_minutes)} jobs of {job_minutes} minutes"
    numbers = {"seconds": expected.seconds, "steps_per_hour": speed}
    yield ok("time", text, **numbers)
    free = shutil.disk_usage(outputs).free
    sizes = f"{size(expected.disk)} on disk, {size(expected.replay_memory)} of memory for the replay"
    if measured.gpu_bytes:
        sizes += f", {size(measured.gpu_bytes)} of GPU memory for the learner"
    numbers = {"disk_bytes": expected.disk, "replay_memory_bytes": expected.replay_memory, "gpu_bytes": measured.gpu_bytes}
    if expected.disk > free:
        yield problem("size", f"{sizes}; {size(free)} are free", "free some, or set hydra.run.dir=DIR", **numbers)
    else:
        yield ok("size", sizes, **numbers)


def in_words(seconds: float) -> str:
    """A duration in the unit that fits."""
    if seconds < 100.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} minutes" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} hours"


def size(number: float) -> str:
    """A number of bytes in the unit that fits."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"


def _evaluation_seconds(config: Config, measured: Measured) -> float:
    """Episodes of evaluations are between those before learning starts and the time limit."""
    times = _times(config, PeriodicEvaluation, config.evaluation.every_steps)
    length = 0.5 * (measured.episode_length + max(measured.episode_length, config.scenario.max_episode_steps))
    step = measured.exploring_step * config.hardware.num_envs + measured.act
    return times * config.evaluation.episodes * (measured.reset + length * step)


def _disk_bytes(config: Config, measured: Measured, checkpoints: int) -> float:
    stored = min(config.total_steps, config.algorithm.buffer_size + config.checkpoint.keep * config.checkpoint.every_steps)
    replay = stored * measured.replay_bytes if checkpoints else 0.0
    frames = config.algorithm.buffer_size * math.prod(config.observation.frame_shape) if config.replay.storage == "disk" else 0
    states = min(checkpoints, config.checkpoint.keep + 1) * measured.state_bytes
    learning = max(0, config.total_steps - config.algorithm.learning_starts)
    updates = learning // config.algorithm.train_freq * config.algorithm.gradient_steps
    scalars = updates / config.logging.every_updates * measured.scalars_per_point
    scalars += config.total_steps / measured.episode_length * measured.scalars_per_episode
    return replay + frames + states + config.total_steps * measured.table_bytes + scalars * measured.scalar_bytes


def _times(config: Config, callback: type, every: int) -> int:
    """How often something happens that one of the standard callbacks does every so many steps, and at the end."""
    there = any(isinstance(one, callback) for one in config.callbacks.values())
    return math.ceil(config.total_steps / every) if there else 0
