"""Which algorithm a log is of, as far as its tags tell."""

from collections.abc import Container, Iterable
from enum import Enum

from av_td3 import metrics
from av_td3.diagnostics import quantities as q
from av_td3.diagnostics.tag_words import algorithms_named


class Algorithm(Enum):
    """An algorithm, or those that log the same."""

    TD3 = "TD3 or DDPG"
    SAC = "SAC"
    DQN = "DQN"
    PPO = "PPO"
    A2C = "A2C"
    UNKNOWN = "unknown"

    @property
    def learns_q(self) -> bool:
        """Whether its critic is Q, of which minus the actor's loss is an estimate where there is an actor."""
        return self not in (Algorithm.PPO, Algorithm.A2C)

    @property
    def on_policy(self) -> bool:
        """Whether it learns only from what its present policy did."""
        return self in (Algorithm.PPO, Algorithm.A2C)


_BY_NAME = {
    **dict.fromkeys(("TD3", "DDPG"), Algorithm.TD3),
    "SAC": Algorithm.SAC,
    **dict.fromkeys(("DQN", "DDQN"), Algorithm.DQN),
    **dict.fromkeys(("PPO", "PPO2", "TRPO"), Algorithm.PPO),
    **dict.fromkeys(("A2C", "A3C"), Algorithm.A2C),
}


def algorithm_of(known: Container[str], tags: Iterable[str]) -> Algorithm:
    """The algorithm that logs these quantities.

    Args:
        known: the quantities that were recognised.
        tags: all tags, which may contain the name of an algorithm.

    """
    named = {_BY_NAME[name] for name in algorithms_named(tags)}
    if len(named) == 1:
        return named.pop()
    acts, has_q = metrics.ACTOR_LOSS in known or q.POLICY_LOSS in known, metrics.Q1_VALUE in known
    critic = metrics.CRITIC_LOSS in known or has_q
    if q.CLIP_FRACTION in known or (q.APPROX_KL in known and not critic):
        return Algorithm.PPO
    if q.VALUE_LOSS in known and not critic:
        return Algorithm.A2C
    if q.TEMPERATURE in known or "temperature_loss" in known:
        return Algorithm.SAC
    if acts and critic:
        if q.ENTROPY not in known:
            return Algorithm.TD3
        return Algorithm.SAC if has_q else Algorithm.UNKNOWN  # an actor-critic with a state value logs the same
    if not acts and (q.EPSILON in known or critic):
        return Algorithm.DQN if q.EPSILON in known or metrics.CRITIC_LOSS in known else Algorithm.UNKNOWN
    return Algorithm.UNKNOWN
