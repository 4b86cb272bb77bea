"""Learners from a composed config, and batches of random numbers for them."""

from functools import cache

import numpy as np
import torch

from av_td3.agents.compute import choose
from av_td3.agents.monitor import Monitor
from av_td3.replay.buffer import Batch


@cache
def _composed(compose_config, *overrides):
    """With a network that does not shift images, unless an override names another."""
    return compose_config("hardware=cpu", "hardware.precision=fp32", "network=small_cnn", *overrides)


def build(compose_config, *overrides):
    config = _composed(compose_config, *overrides)
    return config.algorithm.build(config, choose(config.hardware))


def build_monitor(compose_config, *overrides):
    """One that belongs to no learner."""
    config = _composed(compose_config, *overrides)
    sizes, every = config.observation.vector_sizes, config.logging.update_ratio_every
    return Monitor(config.alerts, config.action.names, sizes, every, config.algorithm.policy_freq)


def batch(size=8, seed=0):
    rng = np.random.default_rng(seed)
    return Batch(
        frames=torch.from_numpy(rng.integers(0, 256, (size, 5, 84, 84), dtype=np.uint8)),
        channels=4,
        vector=torch.from_numpy(rng.uniform(-1, 1, (size, 23)).astype(np.float32)),
        next_vector=torch.from_numpy(rng.uniform(-1, 1, (size, 23)).astype(np.float32)),
        action=torch.from_numpy(rng.uniform(-1, 1, (size, 2)).astype(np.float32)),
        reward=torch.from_numpy(rng.normal(size=size).astype(np.float32)),
        discount=torch.from_numpy(np.where(rng.random(size) < 0.3, 0.0, 0.99).astype(np.float32)),
    )


def pixels(frames):
    return frames.float() / 255.0


def act(actor, image, vector):
    return actor.act(actor.encoder(pixels(image)), vector)


def q_of(critic, image, vector, action):
    return critic.q(critic.encoder(pixels(image)), vector, action)


def snapshot(module):
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def changed(module, before):
    return {name for name, p in module.named_parameters() if not torch.allclose(p, before[name], rtol=0, atol=1e-12)}
