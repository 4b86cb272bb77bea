"""The story of a run: from a composed config to objects, to training, to a verdict."""

import dataclasses
import logging
import os
from contextlib import ExitStack
from pathlib import Path

import torch
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from av_td3.agent.compute import Compute, choose, keep_freed_memory
from av_td3.config import Config, validated
from av_td3.diagnostics.gate import Verdict
from av_td3.diagnostics.recorded_run import read_run
from av_td3.env.observation import IMAGE_SIZE, VECTOR_SIZE
from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import RemoteEnv
from av_td3.env.reward import RewardFunction
from av_td3.errors import RunFailed, SimulatorUnavailable
from av_td3.files import write_json
from av_td3.frames import frame_storage
from av_td3.provenance import provenance
from av_td3.replay import Replay
from av_td3.report.assessment import Assessment, assess
from av_td3.report.run_report import write_report
from av_td3.report.terminal import console as open_console
from av_td3.report.terminal import print_diagnosis, print_judgement
from av_td3.training.checkpoint import Checkpoints
from av_td3.training.loop import Training
from av_td3.training.progress import display
from av_td3.training.run_log import RunLog, write_status
from av_td3.training.weights_and_biases import mirror

log = logging.getLogger(__name__)
ACTION_SIZE = 2
PORT_STRIDE = 4  # between the servers of several environments; CARLA takes three ports each
ENTANGLED_WARNING = (
    "network.gradient_routing=entangled lets the actor lower its loss by inflating the features that Q sees. It explodes, "
    "and is here to show that. Use separate or critic_owned to train."
)


def run(composed: DictConfig) -> Verdict:
    """Train as the config says, into Hydra's output folder; returns the gate's verdict.

    Raises ConfigError and SimulatorUnavailable for what the run was told wrongly, and RunFailed when it cannot go on.
    """
    config = validated(composed)
    folder = Path(HydraConfig.get().runtime.output_dir)
    console = open_console()
    RewardFunction(config.reward)  # a term that cannot be found should be known now
    compute = choose(config.hardware)
    keep_freed_memory()
    torch.set_num_threads(config.hardware.threads or len(os.sched_getaffinity(0)))
    _write_config(composed, folder)
    write_json(folder / "environment.json", provenance())

    with ExitStack() as stack:
        training = _assemble(config, folder, console, compute, stack)
        write_status(folder, "running", 0)
        console.print(f"{config.name}: seed {config.seed}, {config.total_steps} steps, on {compute}; writing to {folder}")
        if config.network.gradient_routing == "entangled":
            console.print(f"[bold red]warning:[/] {ENTANGLED_WARNING}")
        try:
            training.run()
        except KeyboardInterrupt:
            write_status(folder, "interrupted", training.step, alerts=training.alerts.status())
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            write_status(folder, "failed", training.step, error=reason, alerts=training.alerts.status())
            if isinstance(error, SimulatorUnavailable) and training.step > 0:
                raise RunFailed(str(error)) from error
            raise
    return _conclude(training, folder, console)


def _assemble(config: Config, folder: Path, console: Console, compute: Compute, stack: ExitStack) -> Training:
    """Build everything that takes part; ``stack`` ends it in reverse order."""
    log_file = logging.FileHandler(folder / "run.log")
    log_file.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.getLogger("av_td3").addHandler(log_file)
    logging.getLogger("av_td3").setLevel(logging.INFO)

    algorithm, lanes = config.algorithm, config.hardware.num_envs
    envs = EnvPool([_environment(config, folder, lane) for lane in range(lanes)])
    stack.callback(envs.close)
    frames = frame_storage(
        config.replay.storage, algorithm.buffer_size, (IMAGE_SIZE, IMAGE_SIZE), folder / "replay", compute.device
    )
    replay = Replay(frames, VECTOR_SIZE, ACTION_SIZE, discount=algorithm.discount, n_step=algorithm.n_step, lanes=lanes)
    agent = get_class(config.algorithm._target_)(
        config.algorithm,
        config.network,
        config.alerts,
        config.logging,
        compute,
        vector_size=VECTOR_SIZE,
        action_size=ACTION_SIZE,
        seed=config.seed,
    )
    if config.logging.wandb_project is not None:
        stack.callback(mirror(config.logging.wandb_project, folder, dataclasses.asdict(config)))
    run_log = RunLog(folder)
    stack.callback(run_log.close)
    shown = display(console, config.total_steps)
    stack.callback(shown.close)
    checkpoints = Checkpoints(folder / "checkpoints", config.checkpoint.keep)
    return Training(config, agent, replay, envs, run_log, checkpoints, shown)


def _environment(config: Config, folder: Path, lane: int) -> RemoteEnv:
    """The environment of one lane, with a simulator and log files of its own."""
    suffix = f"-{lane}" if config.hardware.num_envs > 1 else ""
    simulator = dataclasses.replace(config.simulator, port=config.simulator.port and config.simulator.port + PORT_STRIDE * lane)
    server = get_class(simulator._target_)(simulator, folder / f"simulator{suffix}.log")
    return RemoteEnv(server, simulator, config.scenario, config.reward, folder / f"worker{suffix}.log", lane)


def _report(assessment: Assessment, folder: Path, console: Console) -> None:
    """Write the report. What goes wrong with it is told and no more: the run has come to its end."""
    try:
        page, _ = write_report(assessment, folder)
    except Exception as error:
        log.exception("the report could not be written")
        console.print(f"no report: {type(error).__name__}: {error}; av-td3 report {folder} tries again", markup=False)
    else:
        console.print(f"report       {page}", highlight=False, soft_wrap=True)


def _write_config(composed: DictConfig, folder: Path) -> None:
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(composed, resolve=True))


def _conclude(training: Training, folder: Path, console: Console) -> Verdict:
    """Say how the run went."""
    alert, alerts = training.alerts.stopping, training.alerts.status()
    reason = None if alert is None else f"ended early by alerts.stop_on: {alert}"
    write_status(folder, "done", training.step, reason=reason, alerts=alerts)
    assessment = assess(read_run(folder))
    verdict = assessment.judgement.verdict
    write_status(folder, "done", training.step, reason=reason, alerts=alerts, verdict=verdict.value)
    if reason is not None:
        console.print(f"{reason}, at step {training.step}")
    print_judgement(console, assessment.judgement)
    print_diagnosis(console, assessment.diagnosis)
    console.print(f"run folder   {folder}", highlight=False, soft_wrap=True)
    _report(assessment, folder, console)
    console.print(f"curves       tensorboard --logdir {folder / 'tensorboard'}", highlight=False, soft_wrap=True)
    return verdict
