"""Which parameters get which gradients from which loss, under each routing and trunk."""

import copy

import pytest
import torch

from tests.agents.builders import batch, build, pixels

ROUTINGS, TRUNKS = ("separate", "critic_owned", "entangled"), ("layernorm_tanh", "plain")
NETWORKS = ("actor", "critic", "actor_target", "critic_target")

every_wiring = pytest.mark.parametrize(("routing", "trunk"), [(r, t) for r in ROUTINGS for t in TRUNKS])


def wired(compose_config, routing, trunk, *overrides):
    return build(compose_config, f"network.gradient_routing={routing}", f"network.trunk={trunk}", "clipping=off", *overrides)


def gradients(agent):
    """None, zero or non-zero, by network and parameter."""

    def kind(grad):
        return "none" if grad is None else "non-zero" if grad.abs().sum() > 0 else "zero"

    return {n: {name: kind(p.grad) for name, p in getattr(agent, n).named_parameters()} for n in NETWORKS}


@every_wiring
def test_the_critics_loss_reaches_the_whole_critic_and_nothing_else(compose_config, routing, trunk):
    agent = wired(compose_config, routing, trunk)
    agent.update_critic(pixels(batch().image), batch())
    found = gradients(agent)
    assert set(found["critic"].values()) == {"non-zero"}
    assert all(set(found[n].values()) <= {"none"} for n in ("actor", "actor_target", "critic_target"))


@every_wiring
def test_the_actors_loss_reaches_the_whole_actor_and_nothing_else(compose_config, routing, trunk):
    agent = wired(compose_config, routing, trunk)
    agent.update_actor(pixels(batch().image), batch().vector)
    found = gradients(agent)
    assert set(found["actor"].values()) == {"non-zero"}
    assert all(set(found[n].values()) <= {"none"} for n in ("critic", "actor_target", "critic_target"))


@every_wiring
def test_the_actors_backward_leaves_the_critics_gradients_and_weights_alone(compose_config, routing, trunk):
    agent = wired(compose_config, routing, trunk)
    agent.update_critic(pixels(batch().image), batch())
    left = {name: (p.grad.clone(), p.detach().clone()) for name, p in agent.critic.named_parameters()}
    agent.update_actor(pixels(batch().image), batch().vector)
    for name, p in agent.critic.named_parameters():
        assert torch.equal(p.grad, left[name][0])
        assert torch.equal(p, left[name][1])


@every_wiring
def test_the_actors_encoder_learns_what_its_routing_says(compose_config, routing, trunk):
    """The gradient of the encoder, and how it would change if Q did not depend on the action."""
    agent = wired(compose_config, routing, trunk, "algorithm.pre_tanh_penalty=0.0")
    with torch.no_grad():
        agent.critic.heads[0][0].weight[:, -2:] = 0.0  # Q1 no longer sees the action
    agent.update_actor(pixels(batch().image), batch().vector)
    found = gradients(agent)["actor"]
    through_state = {name for name, kind in found.items() if kind == "non-zero"}
    if routing == "entangled":  # what is left is the way through the state input of Q
        assert through_state == {name for name in found if name.startswith("encoder")}
    else:
        assert through_state == set()


def test_critic_owned_has_one_set_of_convolutions_and_a_trunk_each(compose_config):
    agent = wired(compose_config, "critic_owned", "layernorm_tanh")
    assert all(not name.startswith("encoder.convolutions") for name, _ in agent.actor.named_parameters())
    assert sum(isinstance(m, torch.nn.Conv2d) for n in ("actor", "critic") for m in getattr(agent, n).modules()) == 2
    observation = {"image": batch().image[0].numpy(), "vector": batch().vector[0].numpy()}
    before = agent.act(observation)
    with torch.no_grad():
        agent.critic.encoder.convolutions[0].weight.mul_(-1.0)
    assert abs(agent.act(observation) - before).max() > 1e-4
    agent.update(batch())
    agent.update(batch(seed=1))
    tags = agent.drain()
    assert "debug/actor_mlp_grad_norm_BEFORE_clip" in tags
    assert not any("actor_cnn" in tag for tag in tags)


@pytest.mark.parametrize("routing", ROUTINGS)
def test_the_target_is_that_of_its_routing(compose_config, routing):
    agent = wired(compose_config, routing, "layernorm_tanh", "algorithm.policy_noise=0.0", "algorithm.actor_lr=0.01")
    for i in range(4):
        agent.update(batch(seed=i))  # so that targets and live networks differ
    data = batch(seed=9)
    seen = pixels(data.next_image)
    with torch.no_grad():
        if routing == "separate":
            to_actor, to_critic = agent.actor_target.encoder(seen), agent.critic_target.encoder(seen)
        elif routing == "critic_owned":
            maps = agent.critic_target.encoder.convolutions(seen)
            to_actor, to_critic = agent.actor_target.encoder(maps), agent.critic_target.encoder.trunk(maps)
        else:
            to_actor = to_critic = agent.critic.encoder(seen)
        action = agent.actor_target.act(to_actor, data.next_vector)
        q = agent.critic_target.q(to_critic, data.next_vector, action)
    torch.testing.assert_close(agent.compute_target(data), data.reward + data.discount * q.amin(0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("routing", ROUTINGS)
def test_the_q_that_the_actor_climbs_is_that_of_its_routing(compose_config, routing):
    agent = wired(compose_config, routing, "layernorm_tanh")
    data = batch()
    seen = pixels(data.image)
    with torch.no_grad():
        to_critic = agent.critic.encoder(seen)
        if routing == "critic_owned":
            to_actor = agent.actor.encoder(agent.critic.encoder.convolutions(seen))
        else:
            to_actor = agent.actor.encoder(seen)
        if routing == "entangled":
            to_critic = to_actor
        q1 = agent.critic.q(to_critic, data.vector, agent.actor.act(to_actor, data.vector))[0]
    torch.testing.assert_close(agent.compute_actor_loss(seen, data.vector).q.detach(), q1, rtol=1e-5, atol=1e-6)


@every_wiring
def test_targets_hold_the_polyak_average_of_what_they_follow(compose_config, routing, trunk):
    agent = wired(compose_config, routing, trunk, "algorithm.tau=0.3", "algorithm.policy_freq=1")
    before = {n: copy.deepcopy(getattr(agent, n)) for n in NETWORKS}
    agent.update(batch())
    for network in ("actor", "critic"):
        live = dict(getattr(agent, network).named_parameters())
        old = dict(before[f"{network}_target"].named_parameters())
        held = dict(getattr(agent, f"{network}_target").named_parameters())
        encoderless = {name for name in live if not name.startswith("encoder")}
        assert set(held) == (encoderless if routing == "entangled" else set(live))
        for name, p in held.items():
            torch.testing.assert_close(p, 0.7 * old[name] + 0.3 * live[name], rtol=1e-6, atol=1e-8)
            assert not torch.equal(p, old[name])


def test_entangled_explodes_where_separate_does_not(compose_config):
    """On the same random data: the actor lowers its loss by inflating features, clipped or not."""
    losses = {}
    for routing in ("separate", "entangled"):
        agent = build(
            compose_config,
            "network=small_cnn",
            "network.trunk=plain",
            f"network.gradient_routing={routing}",
            "algorithm.pre_tanh_penalty=0.0",
            "network.hidden_dims=[64,64]",
            *(f"algorithm.{name}_lr=1e-3" for name in ("actor", "critic", "actor_cnn", "critic_cnn")),
        )
        for i in range(120):
            agent.update(batch(16, seed=i))
        losses[routing] = agent.drain()
    assert abs(losses["separate"]["train/actor_loss"]) < 10.0
    assert losses["entangled"]["train/actor_loss"] < -100.0
    assert losses["entangled"]["debug/actor_grad_norm_AFTER_clip_max"] <= 1.0
    assert losses["entangled"]["alerts/actor_critic_disagreement"] > 0.0
