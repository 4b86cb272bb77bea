"""The arithmetic of the other package's algorithm and whole reward, which the guide shows as examples."""

import numpy as np
import pytest
import torch

from av_td3.agents.compute import Compute
from av_td3.replay.buffer import Batch
from tests.env.states import state


@pytest.fixture
def build(compose_kart):
    def make(*overrides):
        config = compose_kart(" ".join(("experiment=kart", *overrides)))
        return config.algorithm.build(config, Compute(torch.device("cpu"), bf16=False))

    return make


def batch(n=4):
    rng = np.random.default_rng(0)
    numbers = {name: torch.from_numpy(rng.normal(size=(n, 24)).astype(np.float32)) for name in ("vector", "next_vector")}
    return Batch(
        frames=torch.from_numpy(rng.integers(0, 256, (n, 10, 84, 84), dtype=np.uint8)),
        channels=8,
        action=torch.from_numpy(rng.uniform(-1.0, 1.0, (n, 2)).astype(np.float32)),
        reward=torch.arange(float(n)),
        discount=torch.full((n,), 0.5),
        **numbers,
    )


def test_the_target_is_the_best_of_the_candidates(build):
    few, many = (build(f"algorithm.candidates={n}").compute_target(batch()) for n in (1, 64))
    assert (many >= few).all()
    assert (many > few).any()
    ended = build().compute_target(batch()._replace(discount=torch.zeros(4)))
    assert ended.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_updates_approach_the_rewards_of_last_steps(build):
    agent, last = build("algorithm.learning_rate=0.01"), batch()._replace(discount=torch.zeros(4))
    losses = []
    for _ in range(12):
        agent.update(last)
        losses.append(agent.drain()["train/critic_loss"])
    assert losses[-1] < 0.2 * losses[0]


def test_it_continues_from_its_state_as_if_it_had_not_stopped(build):
    first, second = build(), build("seed=1")
    first.update(batch())
    second.load_state_dict(first.state_dict())
    for agent in (first, second):
        agent.update(batch())
    assert first.drain() == second.drain()
    seen = {"image": batch().image[0].numpy(), "vector": batch().vector[0].numpy()}
    np.testing.assert_array_equal(first.act(seen), second.act(seen))


@pytest.mark.parametrize(("ending", "value"), [(None, 0.2), ("goal", 0.2), ("time_limit", 0.2), ("collision", -4.8)])
def test_the_whole_reward_counts_metres_and_crashes(compose_kart, ending, value):
    reward = compose_kart("reward=lap").reward(state(progress=2.0), ending)
    assert reward.value == pytest.approx(value)
    assert sum(reward.terms.values()) == reward.value
