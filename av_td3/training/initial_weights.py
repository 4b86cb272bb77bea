"""``init_from``: the network weights of another run that a new run starts from."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from av_td3.agents.agent import Agent, InitializableAgent
from av_td3.agents.build import build_agent
from av_td3.agents.compute import Compute
from av_td3.checkpoints.selection import find_checkpoint, read_checkpoint
from av_td3.config.difference import Difference, differences
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.schema import TARGET
from av_td3.runs.config_file import config_to_resume

SHAPING = ("network", "observation", "action")  # groups that give networks their shapes
MAX_LISTED = 4  # keys that an error lists


def check_init_from(config: Config, compute: Compute) -> None:
    """Raise ConfigError where a new run cannot start with ``init_from``."""
    if config.init_from is not None:
        load_initial_weights(build_agent(config, compute), config, config.init_from)


def load_initial_weights(agent: Agent, config: Config, init_from: str) -> Path:
    """Give an agent the network weights of another run; nothing else of that run is used.

    Args:
        agent: with fresh weights.
        config: that built it.
        init_from: folder of a run, of which the last checkpoint is taken, or of a checkpoint.

    Returns:
        The folder of the checkpoint.

    Raises:
        ConfigError: there is no such checkpoint, it is of another algorithm, or its networks have other shapes.

    """
    try:
        return _load(agent, config, Path(init_from))
    except ConfigError as error:
        raise ConfigError(f"init_from={init_from}: {error}") from error


def _load(agent: Agent, config: Config, path: Path) -> Path:
    ours = f"{type(config.algorithm).__module__}.{type(config.algorithm).__qualname__}"
    if not isinstance(agent, InitializableAgent):
        raise ConfigError(f"the agent of algorithm._target_={ours} has no load_weights; av_td3/agents/agent.py describes it")
    place = find_checkpoint(path)
    stored = config_to_resume(place.parent.parent)
    algorithm = stored.get("algorithm")
    theirs = algorithm.get(TARGET) if isinstance(algorithm, dict) else None
    if theirs != ours:
        raise ConfigError(f"{place} is of algorithm._target_={theirs}; must be of {ours}, as this run")
    _, state = read_checkpoint(place)
    try:
        agent.load_weights(state["agent"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(
            f"the networks of {place} do not fit network, observation, action or algorithm of this run "
            f"({_mismatch(error, _other_values(stored, config))})"
        ) from error
    return place


def _mismatch(error: Exception, other_values: str) -> str:
    """The first weight that does not fit, and the keys that differ; what else is wrong where there is neither."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    found = re.search(r"size mismatch for (\S+): .*?(torch\.Size\(\[[\d, ]*\]\)).*?(torch\.Size\(\[[\d, ]*\]\))", text)
    weight = f"{found[1]} is {found[2]} there, {found[3]} here" if found else ""
    return "; ".join(part for part in (weight, other_values) if part) or text[:200]


def _other_values(stored: dict[str, Any], config: Config) -> str:
    """The keys that differ from those of the run that trained the weights; of the algorithm only where the others are alike."""
    ours = config.model_dump(mode="json")
    changed = _changed(stored, ours, SHAPING) or _changed(stored, ours, ("algorithm",))
    listed = [f"{key} is {theirs} there, {here} here" for key, theirs, here in changed[:MAX_LISTED]]
    more = [f"{len(changed) - MAX_LISTED} more keys differ"] if len(changed) > MAX_LISTED else []
    return ", ".join(listed + more)


def _changed(stored: dict[str, Any], ours: dict[str, Any], groups: Sequence[str]) -> list[Difference]:
    return differences({group: stored.get(group) for group in groups}, {group: ours[group] for group in groups})
