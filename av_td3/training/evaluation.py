"""Episodes without exploration noise, the same ones every time."""

import numpy as np

from av_td3.agent.td3 import TD3
from av_td3.env.remote_env import RemoteEnv
from av_td3.errors import SimulatorLost
from av_td3.training.episode import EpisodeRecord, episode_seed


def evaluate(agent: TD3, env: RemoteEnv, run_seed: int, episodes: int) -> list[EpisodeRecord]:
    """Drive ``episodes`` fixed episodes. One that is lost is driven again."""
    return [_drive(agent, env, episode_seed(run_seed, "evaluation", index)) for index in range(episodes)]


def means(records: list[EpisodeRecord]) -> dict[str, float]:
    """What the episodes came to, on average, by tag."""
    numbers = [record.scalars() for record in records]
    return {f"eval/{name}": float(np.mean([n[name] for n in numbers])) for name in numbers[0]}


def _drive(agent: TD3, env: RemoteEnv, seed: int) -> EpisodeRecord:
    while True:
        record = EpisodeRecord()
        observation = env.reset(seed)
        try:
            while True:
                action = agent.act(observation)
                step = env.step(action)
                record.add(step.reward, step.info, action)
                observation = step.observation
                if step.terminated or step.truncated:
                    return record
        except SimulatorLost:
            continue  # the environment gives up by itself when this happens too often in a row
