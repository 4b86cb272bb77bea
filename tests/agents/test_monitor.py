"""What the monitor makes of an update, on numbers written down by hand."""

import math

import pytest
import torch

from av_td3.agents.clipped_optimizer import OptimizerStats
from av_td3.agents.clipping import ClipReport, Norms
from av_td3.agents.td3_update import ActorUpdate, CriticUpdate, TD3Update
from tests.agents.builders import build_monitor


def norms(network, cnn, mlp):
    total = torch.tensor(math.hypot(cnn, mlp))
    return Norms(total, {f"{network}_cnn": torch.tensor(cnn), f"{network}_mlp": torch.tensor(mlp)})


def stats(network, before=(3.0, 4.0), after=(0.6, 0.8), skipped=0.0, ratios=None):
    report = ClipReport(norms(network, *before), norms(network, *after), exceeded=torch.tensor(1.0))
    return OptimizerStats(report, torch.tensor(skipped == 0.0), torch.tensor(skipped), ratios or {})


def critic(q=((1.0, 3.0), (2.0, 2.0)), spreads=None, **more):
    return CriticUpdate(torch.tensor(5.0), torch.tensor(q), torch.tensor([2.0, 2.0]), stats("critic", **more), spreads or {})


def actor(pre_tanh=((0.0, 1.0), (0.5, -9.0)), q=(4.0, 6.0), **more):
    return ActorUpdate(torch.tensor(-5.0), torch.tensor(pre_tanh), torch.tensor(q), stats("actor", **more))


@pytest.fixture(scope="module")
def monitored(compose_config):
    """What is drained after these updates, without those of a network that has none."""
    overrides = ("alerts.dead_updates=3", "alerts.max_q=200", "alerts.disagreement_ratio=10")

    def drained(*updates):
        monitor = build_monitor(compose_config, *overrides)
        for update in updates:
            monitor.record(update)
        return monitor.drain()

    return drained


def test_a_critics_update_is_measured(monitored):
    found = monitored(TD3Update(critic(), None))
    expected = {
        "train/critic_loss": 5.0,
        "train/q1_value": 2.0,
        "train/q2_value": 2.0,
        "debug/q1_q2_diff": 1.0,
        "debug/target_q_mean": 2.0,
        "debug/td_error": 1.0,
        "debug/critic_grad_norm_BEFORE_clip": 5.0,
        "debug/critic_grad_norm_AFTER_clip": 1.0,
        "debug/critic_cnn_grad_norm_BEFORE_clip": 3.0,
        "debug/critic_mlp_grad_norm_AFTER_clip": 0.8,
        "gradients/critic_mlp_norm": 0.8,
        "debug/critic_grad_clip_ratio": 0.2,
        "debug/critic_clipped_fraction": 1.0,
    }
    assert {tag: found[tag] for tag in expected} == pytest.approx(expected)
    assert not any("actor" in tag for tag in found if not tag.startswith("alerts/"))


def test_an_actors_update_is_measured(monitored):
    found = monitored(TD3Update(critic(), actor()))
    expected = {
        "train/actor_loss": -5.0,
        "debug/actor_q_mean": 5.0,
        "debug/action_saturation": 0.25,  # one of four components
        "debug/actor_pre_tanh_abs": 10.5 / 4,
        "debug/action_steering_mean": math.tanh(0.5) / 2,
        "debug/action_pedal_mean": (math.tanh(1.0) + math.tanh(-9.0)) / 2,
    }
    assert {tag: found[tag] for tag in expected} == pytest.approx(expected)


def test_means_maxima_and_shares_are_those_of_the_interval(monitored):
    unclipped = critic(before=(0.3, 0.4), after=(0.3, 0.4))
    found = monitored(TD3Update(critic(), None), TD3Update(unclipped, None))
    assert found["debug/critic_grad_norm_BEFORE_clip"] == pytest.approx(2.75)
    assert found["debug/critic_grad_norm_BEFORE_clip_max"] == pytest.approx(5.0)
    assert found["debug/critic_clipped_fraction"] == 0.5


def test_the_largest_row_of_skipped_updates_is_that_of_both_networks(monitored):
    updates = (TD3Update(critic(skipped=2.0), actor(skipped=4.0)), TD3Update(critic(skipped=3.0), None))
    found = monitored(*updates)
    assert found["debug/non_finite_in_a_row_max"] == 4.0
    assert found["alerts/non_finite"] == 3.0


@pytest.mark.parametrize(("q", "raised"), [(-201.0, 1.0), (199.0, 0.0)])
def test_q_diverges_by_its_magnitude(monitored, q, raised):
    assert monitored(TD3Update(critic(q=((q, q), (0.0, 0.0))), None))["alerts/q_divergence"] == raised


@pytest.mark.parametrize(("q", "raised"), [((-21.0, -21.0), 1.0), ((19.0, 19.0), 0.0)])
def test_actor_and_critic_disagree_by_the_ratio_of_their_q(monitored, q, raised):
    assert monitored(TD3Update(critic(), actor(q=q)))["alerts/actor_critic_disagreement"] == raised


def test_a_module_is_dead_after_so_many_updates_in_a_row(monitored):
    dead, alive = TD3Update(critic(before=(0.0, 4.0)), None), TD3Update(critic(), None)
    assert monitored(dead, dead)["alerts/dead_gradient"] == 0.0
    assert monitored(dead, dead, alive, dead, dead)["alerts/dead_gradient"] == 0.0
    assert monitored(dead, dead, dead, dead)["alerts/dead_gradient"] == 2.0


def test_a_row_of_updates_with_a_dead_module_may_be_longer_than_what_is_measured_at_once(compose_config):
    monitor = build_monitor(compose_config, "alerts.dead_updates=70")
    dead, alive = TD3Update(critic(before=(0.0, 4.0)), None), TD3Update(critic(), None)
    for update in (alive, *[dead] * 72, alive, *[dead] * 69):
        monitor.record(update)
    assert monitor.drain()["alerts/dead_gradient"] == 3.0


def test_many_updates_are_measured_at_once_as_they_would_be_one_by_one(compose_config):
    """Bit-equal, so that no logged value depends on how many are measured together."""
    generator = torch.Generator().manual_seed(0)

    def update(i):
        q, target, pre_tanh = (torch.randn(*shape, generator=generator) for shape in ((2, 64), (64,), (64, 2)))
        before = tuple(torch.rand(2, generator=generator, dtype=torch.float64).tolist())
        stats_of = {network: stats(network, before=before) for network in ("critic", "actor")}
        acts = ActorUpdate(target.sum(), pre_tanh, q[0] * 3.0, stats_of["actor"]) if i % 2 else None
        return TD3Update(CriticUpdate(q.sum(), q, target, stats_of["critic"], {}), acts)

    together, one_by_one = (build_monitor(compose_config) for _ in range(2))
    for i in range(50):
        next_update = update(i)
        for monitor in (together, one_by_one):
            monitor.record(next_update)
        one_by_one.state_dict()  # measures what is pending
    assert together.drain() == one_by_one.drain()


def test_a_single_critic_has_no_twin(monitored):
    found = monitored(TD3Update(critic(q=((1.0, 3.0),)), None))
    assert found["train/q1_value"] == 2.0
    assert not {"train/q2_value", "debug/q1_q2_diff"} & found.keys()


def test_update_ratios_are_means_over_the_updates_that_measured_them(monitored):
    ratio = {"debug/critic_mlp_update_ratio": torch.tensor(0.01)}
    found = monitored(TD3Update(critic(ratios=ratio), None), TD3Update(critic(), None))
    assert found["debug/critic_mlp_update_ratio"] == pytest.approx(0.01)


def test_spreads_of_the_inputs_are_means_over_the_updates_that_measured_them(monitored):
    narrow, wide = ({"debug/features_std": torch.tensor(std)} for std in (0.2, 0.4))
    found = monitored(TD3Update(critic(spreads=narrow), None), TD3Update(critic(), None), TD3Update(critic(spreads=wide), None))
    assert found["debug/features_std"] == pytest.approx(0.3)


def test_a_ratio_is_wanted_once_for_each_network_in_every_interval(compose_config):
    monitor = build_monitor(compose_config, "logging.update_ratio_every=5", "algorithm.policy_freq=2")
    assert [updates for updates in range(12) if monitor.wants_update_ratio(updates)] == [0, 1, 5, 6, 10, 11]


def test_a_state_continues_where_it_was_saved(compose_config):
    first, second = (build_monitor(compose_config, "alerts.dead_updates=3") for _ in range(2))
    dead = TD3Update(critic(before=(0.0, 4.0)), None)
    first.record(dead)
    first.record(dead)
    second.record(TD3Update(critic(), None))  # of before the state was loaded
    second.load_state_dict(first.state_dict(), torch.device("cpu"))
    second.record(dead)
    found = second.drain()
    assert found["alerts/dead_gradient"] == 1.0
    assert found["debug/critic_cnn_grad_norm_BEFORE_clip"] == 0.0
    assert found["train/critic_loss"] == 5.0
