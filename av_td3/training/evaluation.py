"""Episodes without exploration noise, the same ones every time."""

import numpy as np

from av_td3.agent.td3 import TD3
from av_td3.env.remote_env import RemoteEnv
from av_td3.errors import SimulatorLost
from av_td3.training.episode import EpisodeRecord, episode_seed


def evaluate(agent: TD3, env: RemoteEnv, run_seed: int, episodes: int) -> dict[str, float]:
    """Drive ``episodes`` fixed episodes; returns the means under ``eval/``. An episode that is lost is driven again."""
    records = [_drive(agent, env, episode_seed(run_seed, "evaluation", index)) for index in range(episodes)]
    numbers = [record.scalars() for record in records]
    return {f"eval/{name}": float(np.mean([n[name] for n in numbers])) for name in numbers[0]}


def _drive(agent: TD3, env: RemoteEnv, seed: int) -> EpisodeRecord:
    while True:
        record = EpisodeRecord()
        observation = env.reset(seed)
        try:
            while True:
                step = env.step(agent.act(observation))
                record.add(step.reward, step.info)
                observation = step.observation
                if step.terminated or step.truncated:
                    return record
        except SimulatorLost:
            continue  # the environment gives up by itself when this happens too often in a row
