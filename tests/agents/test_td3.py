import copy
import shutil

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.agents import builders
from tests.agents.builders import act, batch, changed, pixels, q_of, snapshot


def build(compose_config, *overrides):
    return builders.build(compose_config, "network=small_cnn", "network.hidden_dims=[32]", *overrides)


def test_the_target_bootstraps_from_the_smaller_target_q_and_stops_at_terminals(compose_config):
    agent = build(compose_config, "algorithm.policy_noise=0.0")
    data = batch()
    with torch.no_grad():
        action = act(agent.actor_target, data.next_image, data.next_vector)
        q1, q2 = q_of(agent.critic_target, data.next_image, data.next_vector, action)
    expected = data.reward + data.discount * torch.minimum(q1, q2)
    torch.testing.assert_close(agent.compute_target(data), expected, rtol=1e-5, atol=1e-6)
    over = data.discount == 0.0
    assert 0 < over.sum() < len(over)
    assert torch.equal(agent.compute_target(data)[over], data.reward[over])


def test_target_noise_is_clipped(compose_config):
    """Noise of any size beyond the clip moves every component by exactly the clip."""
    agent = build(compose_config, "algorithm.noise_clip=0.25")
    agent.config = agent.config.model_copy(update={"policy_noise": 1e6})  # more than a config takes
    seen = []
    agent.critic_target.heads[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][:, -2:]))
    data = batch()
    agent.compute_target(data)
    with torch.no_grad():
        clean = act(agent.actor_target, data.next_image, data.next_vector)
    torch.testing.assert_close((seen[0] - clean).abs(), torch.full_like(clean, 0.25), rtol=0, atol=1e-4)


def test_the_critic_learns_every_update_the_actor_and_targets_every_second(compose_config):
    agent = build(compose_config)
    before = {name: snapshot(getattr(agent, name)) for name in ("actor", "critic", "actor_target", "critic_target")}
    agent.update(batch())
    assert changed(agent.critic, before["critic"]) == set(before["critic"])
    assert changed(agent.actor, before["actor"]) == set()
    assert changed(agent.critic_target, before["critic_target"]) == set()
    agent.update(batch(seed=1))
    assert changed(agent.actor, before["actor"]) == set(before["actor"])
    for target, live in (("actor_target", "actor"), ("critic_target", "critic")):
        for name, p in getattr(agent, live).named_parameters():
            expected = before[target][name] * 0.995 + p.detach() * 0.005
            torch.testing.assert_close(dict(getattr(agent, target).named_parameters())[name], expected)


def test_the_actors_backward_leaves_the_critics_gradients_alone(compose_config):
    agent = build(compose_config)
    data = batch()
    agent.update(data)
    left = {name: p.grad.clone() for name, p in agent.critic.named_parameters()}
    agent.update_actor(pixels(data.image), data.vector)
    assert all(torch.equal(p.grad, left[name]) for name, p in agent.critic.named_parameters())
    assert all(left[name].abs().sum() > 0 for name in left)


def test_the_actor_learns_through_its_action_alone(compose_config):
    """Its gradient equals that of -mean Q1(features of the critic, fixed, pi(s))."""
    agent = build(compose_config, "clipping=off", "algorithm.pre_tanh_penalty=0.0")
    data = batch()
    reference, critic = copy.deepcopy(agent.actor), copy.deepcopy(agent.critic)
    features = critic.encoder(pixels(data.image)).detach()
    (-critic.first_q(features, data.vector, act(reference, data.image, data.vector)).mean()).backward()
    agent.update_actor(pixels(data.image), data.vector)
    for (name, ours), theirs in zip(agent.actor.named_parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-8, msg=name)
        assert ours.grad.abs().sum() > 0


def test_the_critics_loss_is_the_sum_of_both_squared_errors(compose_config):
    agent = build(compose_config, "algorithm.policy_noise=0.0")
    data = batch()
    target = agent.compute_target(data)
    with torch.no_grad():
        q1, q2 = q_of(agent.critic, data.image, data.vector, data.action)
    expected = F.mse_loss(q1, target) + F.mse_loss(q2, target)
    agent.update(data)
    scalars = agent.drain()
    assert scalars["train/critic_loss"] == pytest.approx(expected.item(), rel=1e-5)
    assert scalars["train/q1_value"] == pytest.approx(q1.mean().item(), rel=1e-4)


def test_the_default_clip_holds_on_every_update_and_is_reported(compose_config):
    agent = build(compose_config, "algorithm.gradient_clipping.actor_max_norm=1e-3", "algorithm.actor_lr=0.01")
    for i in range(6):
        data = batch(seed=i)
        agent.update(data._replace(reward=100.0 * data.reward))
        norms = [p.grad.norm() for p in agent.critic.parameters()]
        assert torch.stack(norms).norm() <= 10.0 * (1 + 1e-5)
    scalars = agent.drain()
    assert scalars["debug/critic_grad_norm_BEFORE_clip"] > 10.0 >= scalars["debug/critic_grad_norm_AFTER_clip_max"] * 0.99999
    assert scalars["debug/critic_clipped_fraction"] == 1.0
    assert 0.0 < scalars["debug/critic_grad_clip_ratio"] < 1.0
    assert scalars["debug/actor_grad_norm_AFTER_clip_max"] <= 1e-3 * (1 + 1e-5)
    assert scalars["alerts/clip_violation"] == 0.0


def test_learning_rates_reach_their_modules(compose_config):
    agent = build(compose_config, "algorithm.actor_cnn_lr=1e-30", "algorithm.critic_lr=1e-30", "algorithm.policy_freq=1")
    actor, critic = snapshot(agent.actor), snapshot(agent.critic)
    agent.update(batch())
    assert changed(agent.actor, actor) == {n for n in actor if n.startswith("head")}
    assert changed(agent.critic, critic) == {n for n in critic if n.startswith("encoder")}


def test_the_default_trunk_does_not_saturate_on_random_data(compose_config):
    """The failure behind the first one (docs): with the plain trunk the actor is at its bounds within 120 updates."""
    agent = builders.build(compose_config, "network.hidden_dims=[64,64]")
    for i in range(60):
        data = batch(16, seed=i)
        agent.update(data._replace(reward=-data.action.pow(2).sum(1)))
    scalars = agent.drain()
    assert scalars["debug/action_saturation"] < 0.05
    assert scalars["debug/actor_pre_tanh_abs"] < 2.0
    assert scalars["debug/actor_mlp_grad_norm_BEFORE_clip"] > 0.0
    assert abs(scalars["train/actor_loss"]) < 5.0


def test_a_dead_gradient_is_counted_after_so_many_updates(compose_config):
    agent = build(compose_config, "alerts.dead_updates=3", "algorithm.policy_freq=1", "algorithm.pre_tanh_penalty=0")
    with torch.no_grad():
        for p in agent.actor.head[-1].parameters():
            p.fill_(1e4)  # steer = pedal = 1 whatever is seen, so that no gradient passes the tanh
    for _ in range(4):
        agent.update(batch())
    scalars = agent.drain()
    assert scalars["alerts/dead_gradient"] == 4.0  # two modules of the actor, in the third and fourth update
    assert scalars["alerts/action_saturation"] == 4.0


def test_a_state_continues_where_it_was_saved(compose_config):
    first, second = build(compose_config), build(compose_config, "seed=5")
    for i in range(3):
        first.update(batch(seed=i))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for agent in (first, second):
        agent.update(batch(seed=9))
    assert all(torch.equal(a, b) for a, b in zip(first.actor.parameters(), second.actor.parameters(), strict=True))
    assert all(
        torch.equal(a, b) for a, b in zip(first.critic_target.parameters(), second.critic_target.parameters(), strict=True)
    )


def test_actions_are_bounded_and_deterministic(compose_config):
    agent = build(compose_config)
    rng = np.random.default_rng(0)
    observation = {
        "image": rng.integers(0, 256, (4, 84, 84), dtype=np.uint8),
        "vector": rng.uniform(-1, 1, 23).astype(np.float32),
    }
    action = agent.act(observation)
    assert action.shape == (2,)
    assert action.dtype == np.float32
    assert np.abs(action).max() <= 1.0
    assert np.array_equal(action, agent.act(observation))


def test_ddpg_has_one_critic_no_target_noise_and_no_delay(compose_config):
    """Lillicrap et al. 2016, algorithm 1: y = r + gamma Q'(s', mu'(s')), the actor and the targets follow every update."""
    agent = build(compose_config, "algorithm=ddpg")
    assert len(agent.critic.heads) == 1
    data = batch()
    with torch.no_grad():
        action = act(agent.actor_target, data.next_image, data.next_vector)
        (q,) = q_of(agent.critic_target, data.next_image, data.next_vector, action)
    torch.testing.assert_close(agent.compute_target(data), data.reward + data.discount * q, rtol=1e-5, atol=1e-6)
    before = {n: snapshot(getattr(agent, n)) for n in ("actor", "critic_target")}
    agent.update(data)
    assert all(changed(getattr(agent, n), before[n]) == set(before[n]) for n in before)
    scalars = agent.drain()
    assert "train/q1_value" in scalars
    assert not {"train/q2_value", "debug/q1_q2_diff"} & set(scalars)


def test_the_pre_tanh_penalty_pulls_the_output_towards_zero(compose_config):
    for weight, falls in ((0.0, False), (1.0, True)):
        agent = build(compose_config, f"algorithm.pre_tanh_penalty={weight}", "clipping=off")
        with torch.no_grad():
            agent.actor.head[-1].bias.fill_(3.0)
            agent.critic.heads[0][-1].weight.zero_()  # nothing to climb
        before = agent.actor.head[-1].bias.detach().clone()
        loss = agent.update_actor(pixels(batch().image), batch().vector).loss.item()
        assert bool((agent.actor.head[-1].bias < before).all()) is falls
        assert (loss > 8.0) is falls  # about 3^2


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_learner_takes_the_same_steps(compose_config):
    plain = build(compose_config, "algorithm.policy_freq=1")
    compiled = build(compose_config, "algorithm.policy_freq=1", "hardware.compile=true")
    for agent in (plain, compiled):
        for i in range(2):
            agent.update(batch(4, seed=i))
    found = [agent.drain() for agent in (plain, compiled)]
    assert found[0] == {tag: pytest.approx(value, rel=1e-3, abs=1e-5) for tag, value in found[1].items()}


def rates(agent):
    groups = [*agent.actor_optimizer.optimizer.param_groups, *agent.critic_optimizer.optimizer.param_groups]
    return [group["lr"] for group in groups]


ANNEALED = ("algorithm.lr_end_factor=0.5", "algorithm.learning_starts=100", "total_steps=104", "algorithm.actor_lr=1e-3")


def test_learning_rates_fall_linearly_over_the_updates_of_the_run(compose_config):
    agent, seen, logged = build(compose_config, *ANNEALED), [], []
    for i in range(5):
        agent.update(batch(seed=i))
        seen.append(rates(agent))
        logged.append(agent.drain()["train/lr_factor"])
    shares = np.array([1.0, 0.875, 0.75, 0.625, 0.5])  # of four planned updates, and of one beyond them
    np.testing.assert_allclose(seen, shares[:, None] * [3e-4, 1e-3, 3e-4, 3e-4], rtol=1e-6)
    assert logged == shares.tolist()


def test_a_restored_agent_goes_on_at_the_learning_rates_of_the_first(compose_config):
    first, second = build(compose_config, *ANNEALED), build(compose_config, *ANNEALED)
    first.update(batch())
    second.load_state_dict(first.state_dict())
    for agent in (first, second):
        agent.update(batch(seed=1))
    assert rates(second) == rates(first)
    assert rates(first)[1] < 1e-3


def test_learning_rates_are_constant_where_all_of_them_is_left(compose_config):
    agent = build(compose_config, "algorithm.lr_end_factor=1.0")
    before = rates(agent)
    agent.update(batch())
    agent.update(batch(seed=1))
    assert rates(agent) == before


def test_pixels_in_bfloat16_are_those_that_autocast_would_round(compose_config):
    image = torch.arange(256, dtype=torch.uint8).view(1, 4, 8, 8)
    fp32, bf16 = (build(compose_config, f"hardware.precision={p}").pixels(image, "test") for p in ("fp32", "bf16"))
    assert (fp32.dtype, bf16.dtype) == (torch.float32, torch.bfloat16)
    assert torch.equal(fp32, image.float() / 255.0)
    assert torch.equal(bf16, fp32.bfloat16())
