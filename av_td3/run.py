"""The story of a run: from a composed config to objects, to training, to a verdict."""

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
from av_td3.cluster.handover import HandedBack, Handover
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.override_text import quoted
from av_td3.config.validation import validated
from av_td3.diagnostics.gate import Verdict
from av_td3.diagnostics.recorded_run import NotLogged, read_run
from av_td3.report.assessment import Assessment, assess
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
from av_td3.training.assembly import assemble, check_requirements
from av_td3.training.loop import Training
from av_td3.training.memory_needs import is_out_of_memory

log = logging.getLogger(__name__)


def run(composed: DictConfig, folder: Path, overrides: Sequence[str] = (), *, cwd: Path = Path()) -> Verdict | None:
    """Train as the config says; returns the gate's verdict, or None where the run was preempted and waits for another process.

    In a folder that holds a run, go on from its newest checkpoint; one that has finished is left as it is.

    Args:
        composed: the config, as Hydra composes it.
        folder: to work in.
        overrides: that the config was composed with; ``resume=folder`` composes it again from them.
        cwd: the working directory of the launch.

    Raises:
        ConfigError: the config or the folder is not valid.
        SimulatorUnavailable: there is no simulator as the config describes it.
        RunFailed: the run cannot go on.
        Interrupted: Ctrl-C.

    """
    with _refusal_in_status(folder):
        config = validated(composed, Config)
        check_frozen(folder.parent)
        check_folder(folder, composed, cwd)
        compute = _refused_without_trace(folder, lambda: check_requirements(config))
    console = open_console()
    with ExitStack() as stack:
        with _refusal_in_status(folder):
            lock = stack.enter_context(alone_in(folder, lambda: check_folder(folder, composed)))
        status = RunStatus(folder)
        if _has_ended(status.earlier, config):
            console.print(f"{folder}: this run has finished, {status.earlier['verdict']}", markup=False, soft_wrap=True)
            return Verdict(status.earlier["verdict"])
        sign(lock)
        if not status.earlier.get("step"):
            write_config(folder, composed, overrides)
        _log_to(folder)
        status.write(RUNNING, status.earlier.get("step", 0))
        handover = Handover(config.checkpoint.grace)
        stack.callback(handover.close)
        training: Training | None = None
        try:
            with ExitStack() as parts:
                training = assemble(config, compute, folder, console, status, handover, parts)
                write_config(folder, composed, overrides)  # only now: what cannot be resumed with this config keeps its own
                training.run()
        except HandedBack:
            status.write(QUEUED, status.step, reason="its node was wanted back")
        except KeyboardInterrupt:
            step = status.step if training is None else training.step
            with contextlib.suppress(OSError):
                status.write(INTERRUPTED, step)
            raise Interrupted(_how_to_resume(folder, step)) from None
        except Exception as error:
            raise _failed(error, folder, status) from error
        if status.state != QUEUED:
            assert training is not None, "a run that has not begun has raised"
            return _conclude(training, folder, status, console)
    _requeue(handover, folder, status, console)
    return None


def _requeue(handover: Handover, folder: Path, status: RunStatus, console: Console) -> None:
    """Let another process resume the run."""
    console.print(f"its node was wanted back: the run goes on later, from {folder / CHECKPOINTS}", soft_wrap=True, markup=False)
    try:
        handover.hand_back()
    except Exception as error:
        status.write(FAILED, status.step, error=f"{type(error).__name__}: {error}")
        raise


@contextmanager
def _refusal_in_status(folder: Path) -> Iterator[None]:
    """A queued job that was told wrongly says so. What a run that is there already has said of itself stays."""
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
    """Write down that the run failed, as far as that can be written; returns the error to raise."""
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
    """Check, and take away the empty folder of a run that is refused."""
    try:
        return check()
    except ConfigError:
        with contextlib.suppress(OSError):  # it is not empty
            folder.rmdir()
        raise


def _how_to_resume(folder: Path, step: int) -> str:
    newest = newest_checkpoint_step(folder)
    program = "python launch.py" if sys.argv[0].endswith("launch.py") else "av-td3 train"
    command = f"{program} {shlex.quote(f'resume={quoted(str(folder))}')}"
    if newest is None:
        return f"interrupted at step {step}; there was no checkpoint yet: {command} starts the run from scratch"
    return f"interrupted at step {step}; {command} resumes the run from the checkpoint of step {newest}"


def _has_ended(earlier: dict[str, Any], config: Config) -> bool:
    """Whether a process before this one has done all there is to do."""
    ended_early = earlier.get("reason") is not None
    judged = earlier.get("verdict") in [verdict.value for verdict in Verdict]
    return judged and earlier.get("state") == DONE and (ended_early or earlier.get("step", 0) >= config.total_steps)


def _log_to(folder: Path) -> None:
    """Let the package's messages and tracebacks go to ``run.log``."""
    log_file = logging.FileHandler(folder / RUN_LOG)
    log_file.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.raiseExceptions = False  # a log that cannot be written is no reason for tracebacks on the console,
    threading.excepthook = _log_thread_error  # nor is TensorBoard's thread: it hands its error to the next call
    logging.getLogger("av_td3").handlers = [log_file]  # of this run, where one process makes several
    logging.getLogger("av_td3").setLevel(logging.INFO)


def _log_thread_error(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        log.error("a thread failed", exc_info=failed.exc_value)


def _conclude(training: Training, folder: Path, status: RunStatus, console: Console) -> Verdict:
    """Say how the run went."""
    alert, alerts = training.alerts.stopping, training.alerts.status()
    reason = None if alert is None else f"ended early by alerts.stop_on: {alert}"
    run = read_run(folder)
    run.status = {"state": DONE, "step": training.step}
    assessment = assess(run)
    verdict = assessment.gate_result.verdict
    status.write(DONE, training.step, reason=reason, alerts=alerts, verdict=verdict.value)
    if reason is not None:
        console.print(f"{reason}, at step {training.step}")
    print_gate_result(console, assessment.gate_result)
    print_diagnosis(console, assessment.diagnosis)
    console.print(f"run folder   {folder}", highlight=False, soft_wrap=True, markup=False)
    _report(assessment, folder, console)
    console.print(f"curves       tensorboard --logdir {folder / TENSORBOARD}", highlight=False, soft_wrap=True, markup=False)
    return verdict


def _report(assessment: Assessment, folder: Path, console: Console) -> None:
    """Write the report. An error in it is only printed: the run has finished."""
    try:
        page, _ = write_report(assessment, folder)
    except Exception as error:
        log.exception("the report could not be written")
        console.print(f"no report: {type(error).__name__}: {error}; av-td3 report {folder} tries again", markup=False)
    else:
        console.print(f"report       {page}", highlight=False, soft_wrap=True, markup=False)
