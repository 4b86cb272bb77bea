"""What is reported of a step, against norms and changes computed independently in float64; steps that are skipped."""

import copy
import math

import pytest
import torch

from av_td3.agents.td3_update import TD3Update
from tests.agents import builders
from tests.agents.builders import batch, build_monitor, changed, pixels, snapshot

MODULES = {"actor": ("actor_cnn", "actor_mlp"), "critic": ("critic_cnn", "critic_mlp")}
LIMITS = ("algorithm.gradient_clipping.actor_max_norm=2e-3", "algorithm.gradient_clipping.critic_max_norm=0.5")


def build(compose_config, *overrides):
    return builders.build(compose_config, "network=small_cnn", "network.hidden_dims=[32]", *overrides)


def parts(agent, network):
    """Parameters of encoder and heads, by looking at names, not at the learner's own list."""
    named = dict(getattr(agent, network).named_parameters())
    cnn = [p for name, p in named.items() if name.startswith("encoder")]
    return {f"{network}_cnn": cnn, f"{network}_mlp": [p for name, p in named.items() if not name.startswith("encoder")]}


def norm(gradients, p):
    return torch.linalg.vector_norm(torch.cat([g.double().ravel() for g in gradients]), p).item()


def raw_gradients(agent, network, data):
    """Gradients of a network's loss before any clip, by differentiating it once more."""
    twin = copy.deepcopy(agent)
    if network == "critic":
        loss = twin.compute_critic_loss(pixels(data.image), data.vector, data.action, twin.compute_target(data)).loss
    else:
        loss = twin.compute_actor_loss(pixels(data.image), data.vector).loss
    found = parts(twin, network)
    return {name: torch.autograd.grad(loss, parameters, retain_graph=True) for name, parameters in found.items()}


@pytest.mark.parametrize("norm_type", [2.0, 1.0, math.inf])
@pytest.mark.parametrize("scope", ["joint", "per_module", "off"])
@pytest.mark.parametrize("network", ["actor", "critic"])
def test_norms_ratio_and_clipped_fraction_are_those_of_the_gradients(compose_config, norm_type, scope, network):
    clip = ("clipping=off",) if scope == "off" else (f"algorithm.gradient_clipping.scope={scope}", *LIMITS)
    kind = "inf" if math.isinf(norm_type) else norm_type
    agent = build(compose_config, *clip, f"algorithm.gradient_clipping.norm_type={kind}", "algorithm.policy_noise=0.0")
    data, monitor = batch(), build_monitor(compose_config)
    if network == "critic":
        before = raw_gradients(agent, network, data)
        monitor.record(TD3Update(agent.update_critic(pixels(data.image), data), None))
    else:
        critic = agent.update_critic(pixels(data.image), data)
        before = raw_gradients(agent, network, data)
        monitor.record(TD3Update(critic, agent.update_actor(pixels(data.image), data.vector)))
    after = {name: [p.grad for p in parameters] for name, parameters in parts(agent, network).items()}
    found = monitor.drain()

    def whole(gradients):
        return norm([g for module in gradients.values() for g in module], norm_type)

    for when, gradients in (("BEFORE", before), ("AFTER", after)):
        for name, module in gradients.items():
            assert found[f"debug/{name}_grad_norm_{when}_clip"] == pytest.approx(norm(module, norm_type), rel=1e-5)
        assert found[f"debug/{network}_grad_norm_{when}_clip"] == pytest.approx(whole(gradients), rel=1e-5)
    assert found[f"debug/{network}_grad_clip_ratio"] == pytest.approx(whole(after) / whole(before), rel=1e-5)
    assert found[f"debug/{network}_clipped_fraction"] == float(whole(after) < whole(before) * (1 - 1e-6))
    assert all(found[f"gradients/{n}_norm"] == found[f"debug/{n}_grad_norm_AFTER_clip"] for n in MODULES[network])
    limit = 2e-3 if network == "actor" else 0.5
    for name in before:
        unlimited = {"joint": whole(before), "per_module": norm(before[name], norm_type), "off": 0.0}[scope]
        factor = min(1.0, limit / unlimited) if unlimited else 1.0
        for g, h in zip(before[name], after[name], strict=True):
            torch.testing.assert_close(h, g * factor, rtol=1e-4, atol=1e-9)


def test_the_update_ratio_is_that_of_the_weights(compose_config):
    agent = build(compose_config, "logging.update_ratio_every=1")
    before = {n: [p.detach().double().clone() for p in ps] for k in MODULES for n, ps in parts(agent, k).items()}
    agent.update(batch())
    agent.update(batch(seed=1))
    after = {n: [p.detach().double().clone() for p in ps] for n, ps in parts(agent, "actor").items()}
    found = agent.drain()
    for name in MODULES["actor"]:  # one update; the critic's is the mean of two
        change = norm([a - b for a, b in zip(after[name], before[name], strict=True)], 2)
        assert found[f"debug/{name}_update_ratio"] == pytest.approx(change / norm(before[name], 2), rel=1e-4)
    assert all(0.0 < found[f"debug/{name}_update_ratio"] < 0.1 for name in MODULES["critic"])


def test_the_clipped_fraction_is_a_share_of_updates(compose_config):
    agent = build(compose_config, "algorithm.gradient_clipping.critic_max_norm=5.0")
    exceeded = []
    for i in range(8):
        data = batch(seed=i)
        data = data._replace(reward=data.reward * (40.0 if i % 4 == 0 else 0.01))
        exceeded.append(norm([g for m in raw_gradients(agent, "critic", data).values() for g in m], 2) > 5.0)
        agent.update(data)
    assert 0 < sum(exceeded) < 8
    assert agent.drain()["debug/critic_clipped_fraction"] == sum(exceeded) / 8


# -- non-finite gradients ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_an_update_with_a_non_finite_gradient_is_skipped_and_counted(compose_config, optimizer):
    agent = build(compose_config, f"algorithm.optimizer={optimizer}", "algorithm.policy_freq=1", "algorithm.weight_decay=0.1")
    agent.update(batch())
    weights = {n: snapshot(getattr(agent, n)) for n in ("actor", "critic")}
    moments = copy.deepcopy(agent.critic_optimizer.state_dict())
    agent.drain()
    for i in range(3):
        data = batch(seed=i)
        data.reward[2] = math.nan if i else math.inf
        agent.update(data)
    assert changed(agent.critic, weights["critic"]) == set()
    assert changed(agent.actor, weights["actor"]) != set()  # its own gradient was fine
    after = agent.critic_optimizer.state_dict()["optimizer"]["state"]
    for number, state in moments["optimizer"]["state"].items():
        assert all(torch.equal(value, after[number][name]) for name, value in state.items() if value is not None)
    scalars = agent.drain()
    assert scalars["alerts/non_finite"] == 3.0
    assert scalars["debug/non_finite_in_a_row_max"] == 3.0
    assert agent.is_finite()
    agent.update(batch(seed=7))
    assert changed(agent.critic, weights["critic"]) == set(weights["critic"])
    assert agent.drain()["debug/non_finite_in_a_row_max"] == 0.0


def test_non_finite_weights_are_noticed(compose_config):
    agent = build(compose_config)
    with torch.no_grad():
        agent.critic.heads[1][0].weight[0, 0] = math.inf
    assert not agent.is_finite()


# -- optimizers --------------------------------------------------------------------------------------------------------


def test_sgd_follows_the_gradient_with_the_learning_rate_of_each_module(compose_config):
    rates = {"actor": 0.1, "actor_cnn": 0.2, "critic": 0.3, "critic_cnn": 0.4}
    overrides = [f"algorithm.{name}_lr={lr}" for name, lr in rates.items()]
    agent = build(compose_config, "algorithm.optimizer=sgd", "algorithm.policy_freq=1", "clipping=off", *overrides)
    before = {k: {n: [p.detach().clone() for p in ps] for n, ps in parts(agent, k).items()} for k in MODULES}
    agent.update(batch())
    for network in MODULES:
        for name, parameters in parts(agent, network).items():
            lr = rates[network if name.endswith("mlp") else name]
            for p, old in zip(parameters, before[network][name], strict=True):
                torch.testing.assert_close(p.detach(), old - lr * p.grad, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "adam"])
def test_weight_decay_does_what_its_optimizer_says(compose_config, optimizer):
    """adamw shrinks weights by lr x decay (Loshchilov, Hutter 2019, arXiv:1711.05101); the others add it to the gradient."""
    common = (f"algorithm.optimizer={optimizer}", "algorithm.policy_noise=0.0", "clipping=off", "algorithm.critic_lr=0.01")
    plain, decayed = build(compose_config, *common), build(compose_config, *common, "algorithm.weight_decay=0.2")
    weight = plain.critic.heads[0][0].weight.detach().clone()
    for agent in (plain, decayed):
        agent.update(batch())
    moved, with_decay = (agent.critic.heads[0][0].weight.detach() - weight for agent in (plain, decayed))
    gradient = plain.critic.heads[0][0].weight.grad
    if optimizer == "adamw" or optimizer == "sgd":
        expected = moved - 0.01 * 0.2 * weight
    else:  # Adam's first step divides the whole gradient by its own size
        whole = gradient + 0.2 * weight
        expected = -0.01 * whole / (whole.abs() + 1e-8)
    torch.testing.assert_close(with_decay, expected, rtol=1e-2, atol=2e-6)
    assert not torch.allclose(with_decay, moved, rtol=1e-3, atol=1e-7)
