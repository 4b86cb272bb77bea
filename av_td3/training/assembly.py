"""Everything that takes part in a run, built from its configuration."""

import logging
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from av_td3.agents.build import build_agent
from av_td3.agents.compute import Compute, choose, keep_freed_memory
from av_td3.checkpoints.checkpoints import Checkpoints
from av_td3.cluster.job_nodes import Node
from av_td3.cluster.preemption import PreemptionHandler
from av_td3.config.callback import Callback
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config, DrivingTask
from av_td3.config.hardware import expanded
from av_td3.config.plugins import described
from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import RemoteEnv
from av_td3.machine.core_shares import CoreShare
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage
from av_td3.runs.errors import RunFailed
from av_td3.runs.folder import REPLAY, newest_checkpoint_step, simulator_log, worker_log
from av_td3.runs.log import RunLog
from av_td3.runs.provenance import write_provenance
from av_td3.runs.status import RunStatus
from av_td3.simulator.placement import make_server, place, simulator_nodes
from av_td3.training.collector import Collector
from av_td3.training.initial_weights import check_init_from, load_initial_weights
from av_td3.training.memory_needs import check_memory
from av_td3.training.open_run import OpenRun
from av_td3.training.progress import open_display
from av_td3.training.trainer import Trainer

log = logging.getLogger(__name__)
ENTANGLED_WARNING = (
    "network.gradient_routing=entangled lets the actor lower its loss by inflating the features that Q sees. It explodes, "
    "and is here to show that. Use separate or critic_owned to train."
)


def check_start(config: Config, folder: Path) -> Compute:
    """As ``check_requirements``; also for ``init_from``, which only a run without checkpoints reads."""
    compute = check_requirements(config)
    if newest_checkpoint_step(folder) is None:
        check_init_from(config, compute)
    return compute


def check_requirements(config: Config) -> Compute:
    """What the run computes with. Raises ConfigError for what this machine or the simulator does not have."""
    check_memory(config)
    cores = os.cpu_count() or 1
    if (config.hardware.threads or 1) > cores:
        raise ConfigError(f"hardware.threads={config.hardware.threads}: this machine has {cores} cores; use as many or fewer")
    compute = choose(config.hardware)
    if config.replay.storage == "device" and compute.device.type == "cpu":
        raise ConfigError("replay.storage=device: the run computes on the CPU, there is no other device; use memory or disk")
    _check_layers(config)
    config.simulator.check_environments(config.hardware.num_envs)
    simulator_nodes(config.hardware.slurm.nodes)
    _check_scratch(config)
    config.simulator.check(config.scenario)
    return compute


def _check_scratch(config: Config) -> None:
    """A folder that is not there is a mistake: the run would fill another disk."""
    scratch = config.hardware.scratch
    if scratch is not None and not os.access(expanded(scratch), os.W_OK | os.X_OK):
        raise ConfigError(
            f"hardware.scratch={scratch}: there is no such folder on this machine, or it cannot be written; name one on its "
            "own disk, such as /tmp"
        )


def _check_layers(config: Config) -> None:
    """Only maps whose name ends with _Opt have layers (CARLA's documentation, Maps, Layered maps)."""
    layers, towns = config.simulator.map_layers, config.scenario.towns or [""]
    plain = [town for town in towns if not town.endswith("_Opt")]
    if layers != "All" and plain:
        raise ConfigError(
            f"simulator.map_layers={','.join(layers)}: scenario.town={plain[0] or None} has no layers; set it to a map such as "
            "Town01_Opt"
        )


def assemble(
    config: Config,
    compute: Compute,
    folder: Path,
    console: Console,
    status: RunStatus,
    preemption: PreemptionHandler,
    stack: ExitStack,
) -> Trainer:
    """Build everything that takes part, in the state of the newest checkpoint; ``stack`` closes it in reverse order."""
    keep_freed_memory()
    cores = CoreShare(config.hardware.threads)
    stack.callback(cores.close)
    torch.set_num_threads(cores.threads())
    write_provenance(folder)
    _announce(config, compute, folder, console)
    replay = _replay(config, compute, folder)
    checkpoints = Checkpoints(folder, config.checkpoint.keep)
    state = checkpoints.load(replay, lambda line: console.print(line, markup=False, soft_wrap=True))
    agent = build_agent(config, compute)
    if state is None and config.init_from is not None:
        origin = load_initial_weights(agent, config, config.init_from)
        log.info("the networks start with the weights of %s", origin.resolve())
        console.print(f"weights of {origin}", markup=False, soft_wrap=True)
    nodes = simulator_nodes(config.hardware.slurm.nodes)
    envs = EnvPool([_environment(config, folder, nodes, env_index) for env_index in range(config.hardware.num_envs)])
    stack.callback(envs.close)
    for name, callback in config.callbacks.items():
        set_up(name, callback, config, folder)
        stack.callback(close, name, callback, console)
    run_log = RunLog(folder, None if state is None else state["log"])
    stack.callback(run_log.close)
    display = open_display(console, config.total_steps)
    stack.callback(display.close)
    open_run = OpenRun(folder, run_log, status, display, checkpoints, preemption, cores)
    collector = Collector(envs, replay, config.action.size, config.seed, config.scenario)
    trainer = Trainer(config, agent, collector, config.callbacks, open_run)
    if state is not None:
        _restore(trainer, state)
        display.note(f"resuming from step {trainer.step}")
    elif status.restarts:
        display.note(f"no checkpoint yet: starting from scratch (it was at step {status.earlier.get('step', 0)})")
    return trainer


def set_up(name: str, callback: Callback, config: Config, folder: Path) -> None:
    """Set up a callback. Raises RunFailed naming it for an unexpected exception."""
    try:
        callback.setup(config, folder)
    except (ConfigError, RunFailed):
        raise
    except (Exception, SystemExit) as error:
        raise RunFailed(f"callbacks.{name}: setup raised {described(error)}") from error


def close(name: str, callback: Callback, console: Console) -> None:
    """Close a callback. An exception is only printed: it must not hide how the run ended."""
    try:
        callback.close()
    except (Exception, SystemExit) as error:
        log.exception("a callback could not be closed")
        console.print(f"callbacks.{name}: close raised {described(error)}", markup=False, soft_wrap=True)


def _announce(config: Config, compute: Compute, folder: Path, console: Console) -> None:
    threads = torch.get_num_threads()
    console.print(
        f"{config.name}: seed {config.seed}, {config.total_steps} steps, on {compute}, {threads} "
        f"thread{'s' if threads > 1 else ''}; writing to {folder}",
        markup=False,
        soft_wrap=True,
    )
    if config.total_steps <= config.algorithm.learning_starts:
        console.print(
            f"[bold yellow]warning:[/] total_steps={config.total_steps} is not more than algorithm.learning_starts="
            f"{config.algorithm.learning_starts}: this run makes no update"
        )
    if config.network.gradient_routing == "entangled":
        console.print(f"[bold red]warning:[/] {ENTANGLED_WARNING}")


def _replay(config: Config, compute: Compute, folder: Path) -> Replay:
    """An empty replay of the shapes that the configuration asks for."""
    algorithm, observation = config.algorithm, config.observation
    scratch = config.hardware.scratch
    place = folder / REPLAY if scratch is None else Path(expanded(scratch))
    frames = frame_storage(config.replay.storage, algorithm.buffer_size, observation.frame_shape, place, compute.device)
    return Replay(
        frames,
        observation.vector_size,
        config.action.size,
        stack=observation.stack,
        discount=algorithm.discount,
        n_step=algorithm.n_step,
        num_envs=config.hardware.num_envs,
    )


def _environment(config: Config, folder: Path, nodes: list[Node], env_index: int) -> RemoteEnv:
    """One environment, with a simulator and log files of its own."""
    num_envs = config.hardware.num_envs
    simulator, node = place(config.simulator, nodes, env_index)
    task = DrivingTask(
        scenario=config.scenario,
        observation=config.observation,
        action=config.action,
        reward=config.reward,
        simulator=simulator,
        render=config.render,
    )
    server = make_server(simulator, node, simulator_log(folder, env_index, num_envs))
    render_mode = None if config.evaluation.video_every_steps is None else "rgb_array"
    return RemoteEnv(task, server, worker_log(folder, env_index, num_envs), env_index, render_mode)


def _restore(trainer: Trainer, state: dict[str, Any]) -> None:
    """Put a checkpoint's state back. Raises RunFailed where it is that of another program or network."""
    try:
        trainer.load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise RunFailed(
            f"checkpoint {trainer.run.checkpoints.newest()} does not fit this program or config ({reason[:200]}); start with "
            "the config that wrote it, or in another folder"
        ) from error
