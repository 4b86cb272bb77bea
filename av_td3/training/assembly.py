"""Everything that takes part in a run, built from its config."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from av_td3.agents.compute import Compute, choose, keep_freed_memory
from av_td3.cluster.handover import Handover
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config, DrivingTask
from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import RemoteEnv
from av_td3.machine.core_shares import CoreShare
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage
from av_td3.runs.errors import RunFailed
from av_td3.runs.folder import REPLAY, simulator_log, worker_log
from av_td3.runs.log import RunLog
from av_td3.runs.provenance import write_provenance
from av_td3.runs.status import RunStatus
from av_td3.training.checkpoint import Checkpoints
from av_td3.training.loop import Training
from av_td3.training.memory_needs import check_memory
from av_td3.training.progress import display
from av_td3.training.weights_and_biases import mirror

PORT_STRIDE = 4  # between the servers of several environments; CARLA takes three ports each
ENTANGLED_WARNING = (
    "network.gradient_routing=entangled lets the actor lower its loss by inflating the features that Q sees. It explodes, "
    "and is here to show that. Use separate or critic_owned to train."
)


def check_requirements(config: Config) -> Compute:
    """What the run computes with. Raises ConfigError for what this machine or the simulator does not have."""
    check_memory(config)
    cores = os.cpu_count() or 1
    if (config.hardware.threads or 1) > cores:
        raise ConfigError(f"hardware.threads={config.hardware.threads}: this machine has {cores} cores; use as many or fewer")
    compute = choose(config.hardware)
    if config.replay.storage == "device" and compute.device.type == "cpu":
        raise ConfigError("replay.storage=device: the run computes on the CPU, there is no other device; use memory or disk")
    config.simulator.check(config.scenario)
    return compute


def assemble(
    config: Config, compute: Compute, folder: Path, console: Console, status: RunStatus, handover: Handover, stack: ExitStack
) -> Training:
    """Build everything that takes part, as it was at the newest checkpoint; ``stack`` ends it in reverse order."""
    keep_freed_memory()
    cores = CoreShare(config.hardware.threads)
    stack.callback(cores.close)
    threads = cores.threads()
    torch.set_num_threads(threads)
    write_provenance(folder)
    console.print(
        f"{config.name}: seed {config.seed}, {config.total_steps} steps, on {compute}, {threads} "
        f"thread{'s' if threads > 1 else ''}; writing to {folder}",
        markup=False,
        soft_wrap=True,
    )
    if config.network.gradient_routing == "entangled":
        console.print(f"[bold red]warning:[/] {ENTANGLED_WARNING}")

    algorithm, lanes = config.algorithm, config.hardware.num_envs
    observation, action = config.observation, config.action
    frames = frame_storage(
        config.replay.storage, algorithm.buffer_size, observation.frame_shape, folder / REPLAY, compute.device
    )
    replay = Replay(
        frames,
        observation.vector_size,
        action.size,
        stack=observation.stack,
        discount=algorithm.discount,
        n_step=algorithm.n_step,
        num_envs=lanes,
    )
    checkpoints = Checkpoints(folder, config.checkpoint.keep)
    state = checkpoints.load(replay, lambda line: console.print(line, markup=False, soft_wrap=True))
    agent = algorithm.build(
        network=config.network,
        observation=observation,
        action=action,
        alerts=config.alerts,
        logging=config.logging,
        compute=compute,
        seed=config.seed,
    )
    envs = EnvPool([_environment(config, folder, lane) for lane in range(lanes)])
    stack.callback(envs.close)
    if config.logging.wandb_project is not None:
        stack.callback(mirror(config.logging.wandb_project, folder, config.model_dump(mode="json")))
    run_log = RunLog(folder, None if state is None else state["log"])
    stack.callback(run_log.close)
    shown = display(console, config.total_steps)
    stack.callback(shown.close)
    training = Training(config, agent, replay, envs, run_log, status, handover, checkpoints, shown, cores)
    if state is not None:
        _restore(training, state, checkpoints)
        shown.note(f"going on from step {training.step}")
    elif status.restarts:
        shown.note(f"no checkpoint yet: starting anew (it was at step {status.earlier.get('step', 0)})")
    return training


def _environment(config: Config, folder: Path, lane: int) -> RemoteEnv:
    """The environment of one lane, with a simulator and log files of its own."""
    num_envs = config.hardware.num_envs
    port = config.simulator.port and config.simulator.port + PORT_STRIDE * lane
    simulator = config.simulator.model_copy(update={"port": port})
    task = DrivingTask(
        scenario=config.scenario,
        observation=config.observation,
        action=config.action,
        reward=config.reward,
        simulator=simulator,
    )
    server = simulator.server(simulator_log(folder, lane, num_envs))
    return RemoteEnv(task, server, worker_log(folder, lane, num_envs), lane)


def _restore(training: Training, state: dict[str, Any], checkpoints: Checkpoints) -> None:
    """Put a checkpoint's state back. Raises RunFailed where it is that of another program or network."""
    try:
        training.load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise RunFailed(
            f"checkpoint {checkpoints.newest()} does not fit this program or config ({reason[:200]}); start with the config "
            "that wrote it, or in another folder"
        ) from error
