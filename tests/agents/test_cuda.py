"""The learner on a GPU, where there is one."""

from pathlib import Path

import numpy as np
import pytest
import torch

from av_td3.agents.monitor import MAX_PENDING
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage
from tests.agents.builders import batch, build

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


def filled_replay(storage, device):
    replay = Replay(frame_storage(storage, 101, (1, 84, 84), Path(), torch.device(device)), 23, 2, stack=4, discount=0.99)
    rng = np.random.default_rng(0)

    def observation():
        image = rng.integers(0, 256, (1, 84, 84), dtype=np.uint8)
        return {"image": image, "vector": rng.uniform(-1, 1, 23).astype(np.float32)}

    replay.begin_episode(observation())
    for _ in range(100):
        replay.add(rng.uniform(-1, 1, 2).astype(np.float32), float(rng.normal()), False, observation())
    return replay


def test_batches_from_the_device_are_those_from_memory():
    batches = [filled_replay(*where).sample(64, np.random.default_rng(1)) for where in (("memory", "cpu"), ("device", "cuda"))]
    assert batches[1].frames.is_cuda
    ours, theirs = (batch.to(torch.device("cpu"))._asdict() for batch in batches)
    assert ours.pop("channels") == theirs.pop("channels") == 4
    assert all(torch.equal(part, theirs[name]) for name, part in ours.items())


@pytest.mark.parametrize("overrides", [(), ("network.random_shift=4",), ("network.gradient_routing=critic_owned",)])
def test_updates_never_wait_for_the_device(compose_config, overrides):
    agent, replay, rng = (
        build(compose_config, "hardware.device=cuda", *overrides),
        filled_replay("device", "cuda"),
        np.random.default_rng(0),
    )
    for _ in range(2):
        agent.update(replay.sample(32, rng))
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(MAX_PENDING + 4):  # so that the monitor measures as well
            agent.update(replay.sample(32, rng))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(np.isfinite(value) for value in agent.drain().values())


def test_the_gpu_computes_what_the_cpu_computes(compose_config, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    overrides = ("algorithm.policy_noise=0.0", "algorithm.policy_freq=1")
    found = []
    for device in ("cpu", "cuda"):
        agent = build(compose_config, f"hardware.device={device}", *overrides)
        for i in range(3):
            agent.update(batch(16, seed=i))
        found.append(agent.drain())
    assert found[0] == {tag: pytest.approx(value, rel=1e-2, abs=1e-4) for tag, value in found[1].items()}
