"""Run folders with the checkpoints of untrained agents, written as a run writes them, but without a simulator."""

import numpy as np

from av_td3.agents.compute import choose
from av_td3.checkpoints.checkpoints import Checkpoints
from av_td3.config.composition import composed
from av_td3.config.experiment import Config
from av_td3.config.validation import validated
from av_td3.runs.config_file import write_config
from tests.replay.builders import fill, make_replay

SMALL = ("network=small_cnn", "hardware=cpu", "hardware.precision=fp32")


def write_policy(folder, *overrides, scores=((10, None),)):
    """A run with a checkpoint per (step, score), whose agents have the seeds of their steps; returns the agents by step."""
    config = composed(["name=test", *SMALL, *overrides])
    folder.mkdir(parents=True, exist_ok=True)
    write_config(folder, config, list(overrides))
    checkpoints, replay, agents = Checkpoints(folder, keep=9), make_replay(60), {}
    rng = np.random.default_rng(0)
    for step, score in scores:
        fill(replay, rng, [3])
        agents[step] = build(validated(config, Config), seed=step)
        checkpoints.save(step, {"agent": agents[step].state_dict(), "step": step}, replay, score)
    return agents


def build(config, seed):
    return config.algorithm.build(config.model_copy(update={"seed": seed}), choose(config.hardware))


def observations(n, seed=0, channels=4, numbers=23):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (n, channels, 84, 84), dtype=np.uint8)
    return {"image": image, "vector": rng.uniform(-1.0, 1.0, (n, numbers)).astype(np.float32)}


def one(batch, index=0):
    return {name: array[index] for name, array in batch.items()}
