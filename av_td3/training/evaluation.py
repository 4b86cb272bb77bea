"""Episodes without exploration noise, the same ones every time."""

import numpy as np

from av_td3 import metrics
from av_td3.agents.agent import Agent
from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv
from av_td3.env.seeding import episode_seed
from av_td3.simulator.errors import SimulatorLost
from av_td3.training.episode import EpisodeRecord


def evaluate(
    agent: Agent, env: RemoteEnv, run_seed: int, episodes: int
) -> tuple[dict[int, EpisodeRecord], dict[int, EpisodeFailed]]:
    """Run ``episodes`` fixed episodes; returns the records of those that ended, and the errors of those that failed.

    An episode that is lost with the simulator is run again; one that failed would fail again, and is left out.

    Args:
        agent: acts without exploration noise.
        env: in which nothing else happens meanwhile.
        run_seed: the run's seed; each episode's seed follows from it and the episode's index.
        episodes: how many.

    """
    records, failures = {}, {}
    for index in range(episodes):
        try:
            records[index] = _rollout(agent, env, episode_seed(run_seed, "evaluation", index))
        except EpisodeFailed as error:
            failures[index] = error
    return records, failures


def means(records: dict[int, EpisodeRecord]) -> dict[str, float]:
    """Means over the episodes, by tag; empty where there are none."""
    numbers = [record.scalars() for record in records.values()]
    return {metrics.evaluation(name): float(np.mean([n[name] for n in numbers])) for name in (numbers[0] if numbers else ())}


def _rollout(agent: Agent, env: RemoteEnv, seed: int) -> EpisodeRecord:
    while True:
        record = EpisodeRecord()
        observation = env.reset(seed)
        try:
            while True:
                action = agent.act(observation)
                step = env.step(action)
                record.add(step.reward, step.info)
                observation = step.observation
                if step.terminated or step.truncated:
                    return record
        except SimulatorLost:
            continue  # the environment gives up by itself when this happens too often in a row
