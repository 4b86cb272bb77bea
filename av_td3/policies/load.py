"""Loads the policy of a run, without trainer, replay, environment or simulator."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch

from av_td3.agents.agent import Agent
from av_td3.agents.build import build_agent
from av_td3.agents.compute import Compute, find_device
from av_td3.checkpoints.selection import LAST, find_checkpoint, read_checkpoint
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.foreign_classes import foreign_classes
from av_td3.config.older_runs import completed
from av_td3.config.validation import typed
from av_td3.policies.policy import Policy
from av_td3.runs.config_file import CONFIG_FILE, config_to_resume

BUILT_FROM = ("seed", "algorithm", "network", "observation", "action")  # keys without which there is no policy


def load_policy(path: str | Path, checkpoint: str | int = LAST, device: str = "cpu", packages: Collection[str] = ()) -> Policy:
    """Load the policy of a run.

    It computes in float32, whatever the run did. Loading runs no code of the folder: the state is read with
    ``weights_only=True``, and the config may only name classes of this package and of ``packages``.

    Args:
        path: folder of a run, or of one checkpoint in it.
        checkpoint: ``last``, ``best`` (the highest evaluation reward; the newest where none was evaluated), or an environment
            step.
        device: ``cpu``, ``cuda``, ``cuda:1``, or ``auto``.
        packages: names of further packages whose classes the config may name: where your own algorithm, network or reward is.

    Returns:
        The policy.

    Raises:
        ConfigError: there is no such run or checkpoint, it is damaged or does not fit this program, the config names classes
            of other packages, or this machine lacks the device. The message is one line.
        OSError: a file cannot be read just now.

    """
    place = find_checkpoint(Path(path), str(checkpoint))
    config = _read_config(place.parent.parent, packages)
    compute = Compute(find_device(device, "device"), bf16=False)
    step, state = read_checkpoint(place)
    agent = _with_fresh_weights(config, compute)
    _restore(agent, state, place)
    return Policy(agent, config, place, step)


def _read_config(run: Path, packages: Collection[str]) -> Config:
    content = config_to_resume(run)
    missing = [key for key in BUILT_FROM if key not in content]
    if missing:
        raise ConfigError(f"{run / CONFIG_FILE}: is not the config of a run: it has no {', '.join(missing)}")
    foreign = foreign_classes(content, packages)
    if foreign:
        names = ", ".join(dict.fromkeys(name.partition(".")[0] for name in foreign))
        raise ConfigError(
            f"{run / CONFIG_FILE}: names classes from outside av_td3 ({', '.join(foreign)}); if you trust them, name the "
            f"packages: {names}"
        )
    try:
        return typed(_without_routes(completed(content)), Config)
    except ConfigError as error:
        raise ConfigError(f"{run / CONFIG_FILE}: {error}") from error


def _without_routes(content: dict[str, Any]) -> dict[str, Any]:
    """A policy can be loaded where the files of its run's routes are not."""
    scenario = content.get("scenario")
    if isinstance(scenario, dict):
        content["scenario"] = scenario | {"validation_routes": None, "test_routes": None}
    return content


def _with_fresh_weights(config: Config, compute: Compute) -> Agent:
    """Built without changing the random numbers of the program that loads it."""
    with torch.random.fork_rng([compute.device] if compute.device.type == "cuda" else []):
        return build_agent(config, compute)


def _restore(agent: Agent, state: dict[str, Any], place: Path) -> None:
    try:
        agent.load_state_dict(state["agent"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConfigError(f"checkpoint {place} does not fit the config of its run ({reason[:200]})") from error
