"""The learner against Stable-Baselines3's TD3, and against a plain transcription of the equations in float64.

All three start from the same weights and see the same batches and the same target noise; the gradients of the baselines are
clipped by hand. Adam divides a gradient by its own size, so a component that float32 cannot tell from zero moves by a full
learning rate in a direction that rounding decides, and a ReLU near its kink may flip. At the default learning rates ten
updates make of it 2e-6 of the weights against float64, and up to 9e-4 against the baseline, which rounds differently. At 1e-5
it is below 1e-6, while targets and live networks have come apart by 1e-3.
"""

import copy

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import torch
import torch.nn.functional as F
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.type_aliases import DictReplayBufferSamples

from tests.agents.builders import batch, build

UPDATES, LR, TOLERANCE = 10, 1e-5, 1e-6
TAU = 0.3  # so large that targets which lag differently would show
PLAIN = (
    "network=nature_cnn_plain",
    "network.hidden_dims=[64,48]",
    "network.feature_dim=96",
    "algorithm.pre_tanh_penalty=0.0",
    "algorithm.lr_end_factor=1.0",
    f"algorithm.tau={TAU}",
    *(f"algorithm.{name}_lr={LR}" for name in ("actor", "critic", "actor_cnn", "critic_cnn")),
)
CLIPPINGS = {
    "unclipped": ("clipping=off",),
    "clipped": ("algorithm.gradient_clipping.actor_max_norm=1e-3", "algorithm.gradient_clipping.critic_max_norm=0.5"),
}


IMAGE = {"image": gymnasium.spaces.Box(0, 255, (4, 84, 84), np.uint8)}
VECTOR = {"vector": gymnasium.spaces.Box(-1.0, 1.0, (23,), np.float32)}


class Spaces(gymnasium.Env):
    """An environment that nobody drives; it tells the baseline the shapes."""

    action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)

    def __init__(self, spaces):
        self.observation_space = gymnasium.spaces.Dict(spaces)


def noise_of(agent, size):
    """The next target noise of ours, without using it up."""
    generator = torch.Generator().manual_seed(0)
    generator.set_state(agent.state_dict()["noise"])
    return torch.empty(size, 2).normal_(generator=generator) * 0.2


def plain_weights(ours):
    """The weights of one of our networks in the layout of a network that flattens channels first."""
    named = dict(ours.named_parameters())
    out = {}
    for name, p in named.items():
        if name == "encoder.trunk.0.weight":
            p = p.detach().view(len(p), 7, 7, 64).permute(0, 3, 1, 2).reshape(len(p), -1)
        out[name] = p.detach().contiguous().clone()
    return list(out.values())


def difference(ours, theirs):
    """Norm of the difference over the norm, the worst of all tensors."""
    pairs = zip(ours, theirs, strict=True)
    return max(((a.double() - b.double()).norm() / b.double().norm()).item() for a, b in pairs)


def by_hand(parameters, limit):
    """Clip as torch does, on one vector of all gradients."""
    norm = torch.cat([p.grad.ravel() for p in parameters]).norm()
    for p in parameters:
        p.grad.mul_(min(1.0, limit / norm.item()))


class ClippedAdam(torch.optim.Adam):
    def __init__(self, parameters, limit, lr):
        super().__init__(parameters, lr=lr)
        self.limit = limit

    def step(self, closure=None):
        by_hand([p for group in self.param_groups for p in group["params"]], self.limit)
        return super().step(closure)


class Replayed:
    """A replay buffer for the baseline that gives one batch after the other."""

    def __init__(self, batches):
        self.batches = list(batches)

    def sample(self, *_, **__):
        b = self.batches.pop(0)
        return DictReplayBufferSamples(
            observations={"image": b.image, "vector": b.vector} if b.channels else {"vector": b.vector},
            actions=b.action,
            next_observations={"image": b.next_image, "vector": b.next_vector} if b.channels else {"vector": b.next_vector},
            dones=(b.discount == 0.0).float()[:, None],
            rewards=b.reward[:, None],
            discounts=None,
        )


def baseline(agent, size, limits, spaces):
    """Stable-Baselines3's TD3 with our weights."""
    policy = {
        "net_arch": [64, 48],
        "features_extractor_kwargs": {"cnn_output_dim": 96},
    }
    model = stable_baselines3.TD3(
        "MultiInputPolicy", Spaces(spaces), batch_size=size, tau=TAU, policy_kwargs=policy, device="cpu", buffer_size=1
    )
    model.set_logger(Logger(None, []))
    for ours, theirs in ((agent.actor, model.actor), (agent.critic, model.critic)):
        assert_same_shapes(plain_weights(ours), theirs.parameters())
        with torch.no_grad():
            for p, q in zip(theirs.parameters(), plain_weights(ours), strict=True):
                p.copy_(q)
    model.actor_target.load_state_dict(model.actor.state_dict())
    model.critic_target.load_state_dict(model.critic.state_dict())
    model.actor.optimizer = ClippedAdam(model.actor.parameters(), limits[0], LR)
    model.critic.optimizer = ClippedAdam(model.critic.parameters(), limits[1], LR)
    model.lr_schedule = lambda _: LR
    return model


def assert_same_shapes(ours, theirs):
    assert [tuple(p.shape) for p in ours] == [tuple(p.shape) for p in theirs]


def limits_of(agent):
    clipping = agent.config.gradient_clipping
    return (clipping.actor_max_norm, clipping.critic_max_norm) if clipping.enabled else (np.inf, np.inf)


@pytest.mark.parametrize("clipping", CLIPPINGS)
@pytest.mark.parametrize("observation", ["front_camera", "vector"])
def test_parity_with_stable_baselines3(compose_config, monkeypatch, observation, clipping):
    size = 16
    agent = build(compose_config, f"observation={observation}", *PLAIN, *CLIPPINGS[clipping])
    batches = [batch(size, seed=i) for i in range(UPDATES)]
    if observation == "vector":
        model = baseline(agent, size, limits_of(agent), VECTOR)
        batches = [b._replace(frames=b.frames[:, :0], channels=0) for b in batches]
    else:
        model = baseline(agent, size, limits_of(agent), IMAGE | VECTOR)
    model.replay_buffer = Replayed(batches)
    noises = []
    normal = torch.Tensor.normal_
    monkeypatch.setattr(torch.Tensor, "normal_", lambda t, *a, **k: t.copy_(noises.pop(0)) if noises else normal(t, *a, **k))
    for i, b in enumerate(batches):
        noise = noise_of(agent, size)
        agent.update(b)
        noises.append(noise)
        model.train(1, size)
        assert noises == [], "the baseline drew its target noise elsewhere"
        scalars, theirs = agent.drain(), model.logger.name_to_value
        # The baseline's critic loss: the sum of both mean squared errors, as ours.
        assert scalars["train/critic_loss"] == pytest.approx(theirs["train/critic_loss"], rel=TOLERANCE)
        if i % 2:
            assert scalars["train/actor_loss"] == pytest.approx(theirs["train/actor_loss"], rel=TOLERANCE, abs=1e-8)
    for ours, baselines in (
        (agent.actor, model.actor),
        (agent.critic, model.critic),
        (agent.actor_target, model.actor_target),
        (agent.critic_target, model.critic_target),
    ):
        assert difference(plain_weights(ours), baselines.parameters()) < TOLERANCE
    assert difference(plain_weights(agent.critic), plain_weights(agent.critic_target)) > 100 * TOLERANCE


# -- the equations, written down once more, without classes, in float64 ------------------------------------------------------


def encode(w, pixels):
    for i, stride in ((0, 4), (2, 2), (4, 1)):
        pixels = F.relu(F.conv2d(pixels, w[i], w[i + 1], stride))
    return F.relu(F.linear(pixels.flatten(1), w[6], w[7]))


def layers(w, x):
    for i in range(0, len(w) - 2, 2):
        x = F.relu(F.linear(x, w[i], w[i + 1]))
    return F.linear(x, w[-2], w[-1])


def policy(w, pixels, vector):
    return torch.tanh(layers(w[8:], torch.cat([encode(w, pixels), vector], 1)))


def q_functions(w, features, vector, action):
    x = torch.cat([features, vector, action], 1)
    half = 8 + (len(w) - 8) // 2
    return layers(w[8:half], x)[:, 0], layers(w[half:], x)[:, 0]


def adam_step(w, gradients, state, limit):
    norm = torch.cat([g.ravel() for g in gradients]).norm()
    state["t"] = state.get("t", 0) + 1
    for i, (p, g) in enumerate(zip(w, gradients, strict=True)):
        g = g * min(1.0, limit / norm.item())
        m, v = state.get(i, (torch.zeros_like(p), torch.zeros_like(p)))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        state[i] = m, v
        m_hat, v_hat = m / (1 - 0.9 ** state["t"]), v / (1 - 0.999 ** state["t"])
        p.data -= LR * m_hat / (v_hat.sqrt() + 1e-8)


@pytest.mark.parametrize("clipping", CLIPPINGS)
def test_parity_with_the_equations_in_float64(compose_config, clipping):
    size = 16
    agent = build(compose_config, *PLAIN, *CLIPPINGS[clipping])
    actor, critic = ([p.double().requires_grad_() for p in plain_weights(n)] for n in (agent.actor, agent.critic))
    actor_t, critic_t = copy.deepcopy(actor), copy.deepcopy(critic)
    states, limits = ({}, {}), limits_of(agent)
    for i in range(UPDATES):
        b = batch(size, seed=i)
        noise = noise_of(agent, size).double().clamp(-0.5, 0.5)
        agent.update(b)
        scalars = agent.drain()
        s, s_next = b.image.double() / 255, b.next_image.double() / 255
        vector, vector_next, action = b.vector.double(), b.next_vector.double(), b.action.double()
        with torch.no_grad():
            a_next = (policy(actor_t, s_next, vector_next) + noise).clamp(-1, 1)
            q_next = torch.minimum(*q_functions(critic_t, encode(critic_t, s_next), vector_next, a_next))
            y = b.reward.double() + 0.99 * (b.discount > 0) * q_next
        q1, q2 = q_functions(critic, encode(critic, s), vector, action)
        loss = ((q1 - y) ** 2).mean() + ((q2 - y) ** 2).mean()
        assert scalars["train/critic_loss"] == pytest.approx(loss.item(), rel=TOLERANCE)
        assert scalars["debug/target_q_mean"] == pytest.approx(y.mean().item(), rel=TOLERANCE, abs=1e-7)
        adam_step(critic, torch.autograd.grad(loss, critic), states[1], limits[1])
        if i % 2:
            features = encode(critic, s).detach()
            loss = -q_functions(critic, features, vector, policy(actor, s, vector))[0].mean()
            assert scalars["train/actor_loss"] == pytest.approx(loss.item(), rel=TOLERANCE, abs=1e-8)
            adam_step(actor, torch.autograd.grad(loss, actor), states[0], limits[0])
            for target, live in ((actor_t, actor), (critic_t, critic)):
                for p, q in zip(target, live, strict=True):
                    p.data = (1 - TAU) * p.data + TAU * q.data
    for ours, theirs in (
        (agent.actor, actor),
        (agent.critic, critic),
        (agent.actor_target, actor_t),
        (agent.critic_target, critic_t),
    ):
        assert difference(plain_weights(ours), theirs) < TOLERANCE
