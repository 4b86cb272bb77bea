"""Builds the agent of a configuration, of whatever algorithm."""

from av_td3.agents.agent import Agent
from av_td3.agents.compute import Compute
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config


def build_agent(config: Config, compute: Compute) -> Agent:
    """Build the agent.

    Args:
        config: of the run.
        compute: device and number format.

    Returns:
        The agent, with fresh weights that follow from ``config.seed``.

    Raises:
        ConfigError: it lacks a member that the trainer needs.

    """
    agent = config.algorithm.build(config, compute)
    members = [name for name in (*vars(Agent), *Agent.__annotations__) if not name.startswith("_")]
    missing = [name for name in members if not hasattr(agent, name)]
    if missing:
        kind = type(config.algorithm)
        raise ConfigError(
            f"algorithm._target_={kind.__module__}.{kind.__qualname__}: its agent, a {type(agent).__name__}, has no "
            f"{', '.join(missing)}; av_td3/agents/agent.py lists what an agent has"
        )
    return agent
