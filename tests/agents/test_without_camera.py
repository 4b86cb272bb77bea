"""Learners of the vector alone: no encoder, whatever the routing."""

import numpy as np
import pytest
import torch

from av_td3.agents.agent import ExportableAgent
from tests.agents.builders import batch, build, changed, snapshot

ROUTINGS = ("separate", "critic_owned", "entangled")


def without_images(data):
    return data._replace(frames=data.frames[:, :0], channels=0)


@pytest.fixture(params=ROUTINGS)
def agent(request, compose_config):
    return build(compose_config, "observation=vector", f"network.gradient_routing={request.param}", "network.random_shift=4")


def test_the_heads_get_the_vector_and_nothing_else(agent):
    assert {name.partition(".")[0] for name, _ in agent.actor.named_parameters()} == {"head"}
    assert {name.partition(".")[0] for name, _ in agent.critic.named_parameters()} == {"heads"}
    assert agent.actor.head[0].in_features == 23
    assert [head[0].in_features for head in agent.critic.heads] == [23 + 2, 23 + 2]


def test_all_weights_learn_and_only_heads_are_measured(agent):
    actor, critic = snapshot(agent.actor), snapshot(agent.critic)
    for seed in range(2):
        agent.update(without_images(batch(seed=seed)))
    assert changed(agent.actor, actor) == set(actor)
    assert changed(agent.critic, critic) == set(critic)
    scalars = agent.drain()
    assert not [tag for tag in scalars if "cnn" in tag or "features" in tag]
    assert scalars["debug/vector_std_speed"] > 0.0
    whole, head = (scalars[f"debug/{name}_grad_norm_BEFORE_clip"] for name in ("critic", "critic_mlp"))
    assert whole == pytest.approx(head, rel=1e-9)
    assert whole > 0.0


def test_it_acts_on_an_observation_without_an_image_and_exports_that_policy(agent):
    vectors = batch(size=4).vector
    alone = [agent.act({"vector": vector.numpy()}) for vector in vectors]
    assert isinstance(agent, ExportableAgent)
    torch.testing.assert_close(agent.policy_module()(vectors), torch.from_numpy(np.stack(alone)), rtol=0, atol=1e-6)
    assert np.abs(alone[0] - alone[1]).max() > 0.0
