"""How far the inputs of the critic's heads spread, and in which updates that is measured."""

import pytest
import torch

from av_td3.agents.input_spreads import input_spreads
from tests.agents.builders import batch, build

SIZES = {"speed": 1, "waypoints": 2}
VECTOR = torch.tensor([[1.0, 0.0, 10.0], [3.0, 0.0, 16.0]])


def test_an_entry_spreads_over_the_batch_as_its_numbers_do_on_average():
    found = input_spreads(torch.zeros(2, 0), VECTOR, SIZES)
    assert found == {"debug/vector_std_speed": 1.0, "debug/vector_std_waypoints": 1.5}


def test_features_spread_over_the_batch_and_among_each_other():
    same_in_every_image = torch.tensor([[0.5, -0.5], [0.5, -0.5]])
    assert input_spreads(same_in_every_image, VECTOR, SIZES)["debug/features_std"] == 0.5


def test_an_entry_without_numbers_and_a_batch_of_one_give_no_nan():
    found = input_spreads(torch.zeros(1, 4), VECTOR[:1], SIZES | {"empty": 0})
    assert found == {"debug/features_std": 0.0, "debug/vector_std_speed": 0.0, "debug/vector_std_waypoints": 0.0}


def test_the_learner_measures_what_its_critic_was_given(compose_config):
    agent, data = build(compose_config, "network=small_cnn"), batch()
    seen = []
    agent.critic.heads[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    agent.update(data)
    scalars, features = agent.drain(), seen[0][:, : -23 - 2]
    assert scalars["debug/features_std"] == pytest.approx(float(features.std(correction=0)), rel=1e-5)
    assert scalars["debug/vector_std_lateral"] == pytest.approx(float(data.vector[:, 1].std(correction=0)), rel=1e-5)


def test_only_updates_that_measure_the_update_ratio_measure_the_inputs(compose_config):
    agent = build(compose_config, "network=small_cnn", "logging.update_ratio_every=3", "algorithm.policy_freq=1")
    measured = [bool(agent.update(batch()).critic.input_spreads) for _ in range(7)]
    assert measured == [True, False, False, True, False, False, True]
