"""A trained policy as a driver."""

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from av_td3.evaluation.driver import Driver, Info, Observation


class Predicts(Protocol):
    """A policy with the signature of Stable-Baselines3: ``load_policy`` returns one, and so do its models."""

    def predict(self, observation: Observation, *, deterministic: bool) -> tuple[NDArray[np.float32], object]:
        """The action for an observation, and a state that is not used."""


class PolicyDriver(Driver):
    """Acts deterministically.

    Args:
        policy: of ``av_td3.load_policy``, or a model of Stable-Baselines3.

    """

    kind: ClassVar[str] = "policy"

    def __init__(self, policy: Predicts):
        self._policy = policy

    def act(self, observation: Observation, info: Info) -> NDArray[np.float32]:
        """The action of the policy."""
        return self._policy.predict(observation, deterministic=True)[0]
