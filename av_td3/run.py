"""One run: from a composed config to objects, to training, to a verdict."""

import contextlib
import logging
import math
import shlex
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from av_td3 import metrics
from av_td3.agents.compute import Compute
from av_td3.cluster.code_digest import check_frozen
from av_td3.cluster.preemption import PreemptionHandler
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.override_text import quoted
from av_td3.config.validation import validated
from av_td3.diagnostics.gate import Verdict
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun, read_run
from av_td3.report.assessment import Assessment, assess
from av_td3.report.driving_summary import driving_summary
from av_td3.report.run_report import write_report
from av_td3.report.terminal import console as open_console
from av_td3.report.terminal import print_diagnosis, print_gate_result
from av_td3.runs.config_file import write_config
from av_td3.runs.errors import Interrupted, RunFailed
from av_td3.runs.folder import (
    CHECKPOINTS,
    RUN_LOG,
    TENSORBOARD,
    check_folder,
    newest_checkpoint_step,
)
from av_td3.runs.lock import alone_in, sign
from av_td3.runs.scalars import UnreadableLog
from av_td3.runs.status import DONE, FAILED, INTERRUPTED, QUEUED, RUNNING, RunStatus
from av_td3.simulator.errors import SimulatorUnavailable
from av_td3.training.assembly import assemble, check_start
from av_td3.training.memory_needs import is_out_of_memory
from av_td3.training.trainer import Trainer

log = logging.getLogger(__name__)


def run(composed: DictConfig, folder: Path, overrides: Sequence[str] = (), *, cwd: Path = Path()) -> Verdict | None:
    """Train as the config says. In a folder that holds a run, resume it; one that has finished is left as it is.

    Args:
        composed: the config, as Hydra composes it.
        folder: to work in.
        overrides: that the config was composed with; ``resume=folder`` composes it again from them.
        cwd: the working directory of the launch.

    Returns:
        The gate's verdict; None where the run was preempted and waits for another process.

    Raises:
        ConfigError: the config or the folder is not valid.
        SimulatorUnavailable: there is no simulator as the config describes it.
        RunFailed: the run cannot continue.
        Interrupted: Ctrl-C.

    """
    with _refusal_in_status(folder):
        config = validated(composed, Config)
        check_frozen(folder.parent)
        check_folder(folder, composed, cwd)
        compute = _refused_without_trace(folder, lambda: check_start(config, folder))
    console = open_console()
    with ExitStack() as stack:
        with _refusal_in_status(folder):
            lock = stack.enter_context(alone_in(folder, lambda: check_folder(folder, composed)))
        status = RunStatus(folder)
        if _has_ended(status.earlier, config):
            console.print(_how_it_finished(folder, status.earlier), markup=False, soft_wrap=True)
            return Verdict(status.earlier["verdict"])
        sign(lock)
        if not status.earlier.get("step"):
            write_config(folder, composed, overrides)
        _log_to(folder)
        status.write(RUNNING, status.earlier.get("step", 0))
        preemption = PreemptionHandler(config.checkpoint.grace)
        stack.callback(preemption.close)
        trainer: Trainer | None = None
        try:
            with ExitStack() as parts:
                trainer = assemble(config, compute, folder, console, status, preemption, parts)
                write_config(folder, composed, overrides)  # only now: what cannot be resumed with this config keeps its own
                trainer.train()
            if not trainer.preempted:
                return _conclude(trainer, folder, status, console)
        except KeyboardInterrupt:
            step = status.step if trainer is None else trainer.step
            with contextlib.suppress(OSError):
                status.write(INTERRUPTED, step)
            raise Interrupted(_how_to_resume(folder, step, config, overrides)) from None
        except SystemExit as error:  # of a user's class; it would end a whole sweep
            raise _failed(RunFailed(f"sys.exit({error.code}) was called"), folder, status) from error
        except Exception as error:
            if trainer is not None:
                status.simulator_restarts = trainer.collector.simulator_restarts
            raise _failed(error, folder, status) from error
        status.write(QUEUED, status.step, reason="preempted")
    _requeue(preemption, folder, status, console)
    return None


def _requeue(preemption: PreemptionHandler, folder: Path, status: RunStatus, console: Console) -> None:
    """Let another process resume the run."""
    console.print(f"preempted: another process resumes the run, from {folder / CHECKPOINTS}", soft_wrap=True, markup=False)
    try:
        preemption.requeue()
    except Exception as error:
        status.write(FAILED, status.step, error=f"{type(error).__name__}: {error}")
        raise


@contextmanager
def _refusal_in_status(folder: Path) -> Iterator[None]:
    """Record an invalid configuration in the status of a queued job. The status of a run that is there already stays."""
    try:
        yield
    except ConfigError as error:
        status = RunStatus(folder)
        if status.earlier.get("state") == QUEUED:
            status.write(FAILED, status.earlier.get("step", 0), error=str(error))
        raise


def last_reward(folder: Path) -> float:
    """The reward of a run's last evaluation; NaN where there is none."""
    try:
        return float(read_run(folder).values(metrics.EVAL_REWARD)[-1])
    except (UnreadableLog, NotLogged):
        return math.nan


def _failed(error: Exception, folder: Path, status: RunStatus) -> Exception:
    """Record that the run failed, as far as that can be written; returns the error to raise."""
    with contextlib.suppress(OSError):  # a disk that is full, or a folder that is gone, is what made it fail
        if status.earlier.get("state") == DONE and status.step == status.earlier.get("step"):
            status.put_back()  # it could not be made longer
        else:
            status.write(FAILED, status.step, error=f"{type(error).__name__}: {error}")
    if is_out_of_memory(error):
        return RunFailed(
            f"out of memory at step {status.step} ({str(error).splitlines()[0] if str(error) else type(error).__name__}); "
            "set a smaller algorithm.buffer_size or algorithm.batch_size, or replay.storage=disk"
        )
    log.error("the run failed", exc_info=error)
    if isinstance(error, OSError):
        return RunFailed(f"cannot write or read at step {status.step} in {folder}: {error.strerror or error}")
    if isinstance(error, SimulatorUnavailable) and status.step > 0:
        return RunFailed(str(error))
    return error


def _refused_without_trace(folder: Path, check: Callable[[], Compute]) -> Compute:
    """Check, and remove the empty folder of a run that is refused."""
    try:
        return check()
    except ConfigError:
        with contextlib.suppress(OSError):  # it is not empty
            folder.rmdir()
        raise


def _how_to_resume(folder: Path, step: int, config: Config, overrides: Sequence[str]) -> str:
    newest = newest_checkpoint_step(folder)
    program = "python launch.py" if sys.argv[0].endswith("launch.py") else "av-td3 train"
    programs = tuple(f"simulator.{key}" for key in config.simulator.program_keys)
    again = [text for text in overrides if programs and text.lstrip("+").startswith(programs)]  # resume= wants them repeated
    command = " ".join([program, *map(shlex.quote, [f"resume={quoted(str(folder))}", *again])])
    if newest is None:
        return f"interrupted at step {step}; there was no checkpoint yet: {command} starts the run from scratch"
    return f"interrupted at step {step}; {command} resumes the run from the checkpoint of step {newest}"


def _has_ended(earlier: dict[str, Any], config: Config) -> bool:
    """Whether an earlier process has finished the run."""
    ended_early = earlier.get("reason") is not None and not config.resume_with_changes
    has_verdict = earlier.get("verdict") in [verdict.value for verdict in Verdict]
    return has_verdict and earlier.get("state") == DONE and (ended_early or earlier.get("step", 0) >= config.total_steps)


def _how_it_finished(folder: Path, earlier: dict[str, Any]) -> str:
    line = f"{folder}: this run has finished, {earlier['verdict']}"
    reason = earlier.get("reason")
    return f"{line}; {reason} (resume_with_changes=true trains on)" if reason else line


def _log_to(folder: Path) -> None:
    """Write the package's messages and tracebacks to ``run.log``."""
    log_file = logging.FileHandler(folder / RUN_LOG)
    log_file.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.raiseExceptions = False  # a log that cannot be written is no reason for tracebacks on the console,
    threading.excepthook = _log_thread_error  # nor is TensorBoard's thread: it hands its error to the next call
    logging.getLogger("av_td3").handlers = [log_file]  # of this run, where one process makes several
    logging.getLogger("av_td3").setLevel(logging.INFO)


def _log_thread_error(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        log.error("a thread failed", exc_info=failed.exc_value)


def _conclude(trainer: Trainer, folder: Path, status: RunStatus, console: Console) -> Verdict:
    """Print and record how the run went."""
    run = _recorded(folder)
    run.status = {"state": DONE, "step": trainer.step}
    assessment = assess(run)
    verdict = assessment.gate_result.verdict
    status.write(DONE, trainer.step, reason=trainer.stop_reason, verdict=verdict.value)
    if trainer.stop_reason is not None:
        console.print(f"{trainer.stop_reason}, at step {trainer.step}", markup=False, soft_wrap=True)
    print_gate_result(console, assessment.gate_result)
    print_diagnosis(console, assessment.diagnosis)
    driving = driving_summary(run)
    for line in driving.lines if driving is not None else ():
        console.print(f"driving      {line}", highlight=False, soft_wrap=True, markup=False)
    console.print(f"run folder   {folder}", highlight=False, soft_wrap=True, markup=False)
    _report(assessment, folder, console)
    console.print(f"curves       tensorboard --logdir {folder / TENSORBOARD}", highlight=False, soft_wrap=True, markup=False)
    return verdict


def _recorded(folder: Path) -> RecordedRun:
    """The run as its log tells it; without scalars where nothing was logged."""
    try:
        return read_run(folder)
    except UnreadableLog:
        return RecordedRun(folder, {})


def _report(assessment: Assessment, folder: Path, console: Console) -> None:
    """Write the report. An error in it is only printed: the run has finished."""
    try:
        page, _ = write_report(assessment, folder)
    except Exception as error:
        log.exception("the report could not be written")
        console.print(f"no report: {type(error).__name__}: {error}; av-td3 report {folder} tries again", markup=False)
    else:
        console.print(f"report       {page}", highlight=False, soft_wrap=True, markup=False)
