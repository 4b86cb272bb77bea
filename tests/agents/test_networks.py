import numpy as np
import pytest
import torch

from av_td3.agents.augmentation import random_shift
from av_td3.config.errors import ConfigError
from tests.agents.builders import batch, build

NETWORKS = ("nature_cnn", "nature_cnn_plain", "drq", "small_cnn", "narrow_cnn")


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_learns(compose_config, network):
    agent = build(compose_config, f"network={network}")
    for i in range(2):
        agent.update(batch(4, seed=i))
    scalars = agent.drain()
    assert all(np.isfinite(value) for value in scalars.values())
    assert scalars["debug/actor_mlp_grad_norm_BEFORE_clip"] > 0.0


@pytest.mark.parametrize(
    ("network", "layers", "outputs"),
    [
        ("nature_cnn", [(32, 8, 4), (64, 4, 2), (64, 3, 1)], 64 * 7 * 7),
        ("drq", [(32, 3, 2), (32, 3, 1), (32, 3, 1), (32, 3, 1)], 39200),  # repr_dim of DrQ-v2
        ("small_cnn", [(16, 8, 4), (32, 4, 2)], 32 * 9 * 9),
    ],
)
def test_convolutions_are_those_of_their_source(compose_config, network, layers, outputs):
    config = compose_config(f"network={network}").network
    assert [tuple(layer) for layer in config.convolutions] == layers
    assert config.outputs((4, 84, 84)) == outputs
    assert config.body((4, 84, 84))(torch.zeros(2, 4, 84, 84)).shape == (2, outputs)


def test_networks_differ_as_their_names_say(compose_config):
    networks = {name: compose_config(f"network={name}").network for name in NETWORKS}
    assert (networks["nature_cnn_plain"].trunk, networks["nature_cnn_plain"].feature_dim) == ("plain", 512)
    assert (networks["drq"].gradient_routing, networks["drq"].trunk, networks["drq"].random_shift) == (
        "critic_owned",
        "layernorm_tanh",
        4,
    )


def test_the_layernorm_tanh_trunk_bounds_features(compose_config):
    for trunk, bounded in (("layernorm_tanh", True), ("plain", False)):
        agent = build(compose_config, f"network.trunk={trunk}")
        with torch.no_grad():
            agent.actor.encoder.trunk[0].weight.mul_(1e3)
            features = agent.actor.encoder(torch.rand(4, 4, 84, 84))
        assert bool(features.abs().max() <= 1.0) is bounded


def test_a_kernel_larger_than_its_image_is_refused(compose_config):
    network = compose_config().network.model_copy(update={"convolutions": [[32, 8, 8], [32, 4, 4], [32, 8, 1]]})
    with pytest.raises(ConfigError, match=r"network\.convolutions: a kernel of 8 pixels on an image of 2"):
        network.outputs((4, 84, 84))


# -- random shift ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pad", "height", "width"), [(4, 84, 84), (5, 10, 16)], ids=["DrQ", "half of a rectangle"])
def test_a_shift_is_a_cut_out_of_the_padded_image(pad, height, width):
    image = batch(96).image[:, :, :height, :width]
    shifted = random_shift(image, pad, torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(image.float(), (pad,) * 4, mode="replicate").to(torch.uint8)
    seen, places = set(), range(2 * pad + 1)
    for stack, found in zip(padded, shifted, strict=True):
        cuts = {(y, x): stack[:, y : y + height, x : x + width] for y in places for x in places}
        matching = [place for place, cut in cuts.items() if torch.equal(cut, found)]
        assert len(matching) == 1
        seen.add(matching[0])
    assert {y for y, _ in seen} == {x for _, x in seen} == set(places)


def test_the_shift_is_used_in_updates_and_not_in_acting(compose_config):
    still = build(compose_config, "algorithm.policy_noise=0.0")
    shaken = build(compose_config, "algorithm.policy_noise=0.0", "network.random_shift=4")
    observation = {"image": batch().image[0].numpy(), "vector": batch().vector[0].numpy()}
    assert np.array_equal(still.act(observation), shaken.act(observation))
    targets = [agent.compute_target(batch()) for agent in (still, shaken, still, shaken)]
    assert torch.equal(targets[0], targets[2])
    assert not torch.equal(targets[1], targets[3])  # drawn again every time
    for agent in (still, shaken):
        agent.update(batch())
    values = [agent.drain()["train/q1_value"] for agent in (still, shaken)]
    assert values[0] != values[1]


# -- precision ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", ["nature_cnn", "nature_cnn_plain"])
def test_heads_stay_in_float32_where_the_encoder_runs_in_bfloat16(compose_config, network):
    """bfloat16 would round Q values near 5 to steps of 0.03, and the policy's differences with them."""
    agent = build(compose_config, f"network={network}")
    data = batch(8)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        features = agent.critic.encoder(torch.rand(8, 4, 84, 84))
        q = agent.critic.q(features, data.vector, data.action)
        pre_tanh = agent.actor.pre_tanh(features, data.vector)
    assert (q.dtype, pre_tanh.dtype) == (torch.float32, torch.float32)
    with torch.no_grad():
        assert torch.equal(q, agent.critic.q(features.float(), data.vector, data.action))
        assert torch.equal(pre_tanh, agent.actor.pre_tanh(features.float(), data.vector))


# -- other shapes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("routing", ["separate", "critic_owned", "entangled"])
@pytest.mark.parametrize(
    "overrides",
    [
        ("observation.stack=3", "observation.frame_size=96", "observation.color=rgb"),
        ("observation.stack=1", "observation.frame_size=40", "network=small_cnn"),
        ("network.convolutions=[[8,5,3]]", "observation.frame_size=33", "network.random_shift=2"),
    ],
)
def test_networks_learn_from_images_of_any_shape(compose_config, routing, overrides):
    overrides = (*overrides, f"network.gradient_routing={routing}", "network.hidden_dims=[16]")
    overrides += ("~observation.vector.waypoints",)
    config = compose_config(*overrides)
    observation, network = config.observation, config.network
    pixels = torch.zeros(2, *observation.image_shape)
    assert network.body(observation.image_shape)(pixels).shape == (2, network.outputs(observation.image_shape))
    agent = build(compose_config, *overrides)
    channels, size, _ = observation.image_shape
    for i in range(2):
        data, frames = batch(4, seed=i), channels + observation.frame_shape[0]
        agent.update(
            data._replace(
                frames=torch.randint(0, 256, (4, frames, size, size), dtype=torch.uint8),
                channels=channels,
                vector=data.vector[:, :3],
                next_vector=data.next_vector[:, :3],
            )
        )
    action = agent.act({"image": np.zeros(observation.image_shape, np.uint8), "vector": np.zeros(3, np.float32)})
    assert (action.shape, action.dtype) == ((2,), np.float32)
    assert all(np.isfinite(value) for value in agent.drain().values())


def test_outputs_are_counted_for_images_that_are_no_squares(compose_config):
    network = compose_config().network
    shape = (5, 84, 120)
    assert network.body(shape)(torch.zeros(1, *shape)).shape == (1, network.outputs(shape))
