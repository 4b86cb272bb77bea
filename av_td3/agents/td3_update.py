"""What an update of TD3 returns. All tensors are detached and on the device of the learner."""

from typing import NamedTuple

import torch

from av_td3.agents.clipped_optimizer import OptimizerStats


class CriticUpdate(NamedTuple):
    """One step of the critic."""

    loss: torch.Tensor  # scalar
    q: torch.Tensor  # (critics, n), of the replayed actions
    target: torch.Tensor  # (n,), what they are regressed on
    stats: OptimizerStats
    input_spreads: dict[str, torch.Tensor]  # of the heads' inputs by tag, scalars; empty where they were not measured


class ActorUpdate(NamedTuple):
    """One step of the actor."""

    loss: torch.Tensor  # scalar
    pre_tanh: torch.Tensor  # (n, action size), the actor's outputs before the tanh
    q: torch.Tensor  # (n,), Q1 of its actions
    stats: OptimizerStats


class TD3Update(NamedTuple):
    """One update."""

    critic: CriticUpdate
    actor: ActorUpdate | None  # None where the policy is delayed
