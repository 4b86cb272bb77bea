import numpy as np
import pytest
import torch

from av_td3.agents.agent import ExportableAgent, InitializableAgent
from tests.agents.builders import batch, build


@pytest.mark.parametrize("routing", ["separate", "critic_owned", "entangled"])
def test_the_module_gives_the_actions_of_the_agent_and_later_updates_do_not_change_it(compose_config, routing):
    agent = build(compose_config, f"network.gradient_routing={routing}")
    seen = batch(size=3)
    module = agent.policy_module()
    before = module(seen.image, seen.vector)
    for index in range(3):
        action = agent.act({"image": seen.image[index].numpy(), "vector": seen.vector[index].numpy()})
        np.testing.assert_allclose(before[index].numpy(), action, atol=1e-6)
    for _ in range(2):
        agent.update(seen)
    assert torch.equal(module(seen.image, seen.vector), before)
    assert not torch.equal(agent.policy_module()(seen.image, seen.vector), before)


def test_weights_are_loaded_and_nothing_else(compose_config):
    first, second = build(compose_config, "algorithm.tau=0.5"), build(compose_config, "seed=1", "algorithm.tau=0.5")
    for _ in range(2):
        first.update(batch())
    before = second.state_dict()
    second.load_weights(first.state_dict())
    state = second.state_dict()
    for network in ("actor", "critic", "actor_target", "critic_target"):
        expected = first.state_dict()[network]
        assert all(torch.equal(state[network][name], expected[name]) for name in expected)
    assert state["updates"] == 0
    assert torch.equal(state["noise"], before["noise"])
    assert state["critic_step"]["optimizer"]["state"] == {}


def test_td3_has_what_export_and_init_from_need(compose_config):
    agent = build(compose_config)
    assert isinstance(agent, ExportableAgent)
    assert isinstance(agent, InitializableAgent)
