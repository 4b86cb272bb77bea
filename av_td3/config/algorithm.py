"""What every learner is configured with. The keys of one learner stand beside it, for example in agents/td3_config.py."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated

from av_td3.config.limits import Count, Interval, Steps, Switch
from av_td3.config.schema import Schema

if TYPE_CHECKING:
    from av_td3.agents.compute import Compute
    from av_td3.agents.td3 import TD3
    from av_td3.config.action import Action
    from av_td3.config.alerts import Alerts
    from av_td3.config.experiment import Logging
    from av_td3.config.network import Network
    from av_td3.config.observation import Observation

Noise = Annotated[float, Interval(0.0, 2.0, "actions lie between -1 and 1")]


class Algorithm(Schema, ABC):
    """An off-policy learner: what the training loop and the replay read of it.

    Derive from it to add a learner, with its own keys as fields, and name the class under ``_target_``.
    """

    discount: Annotated[float, Interval(0.0, 1.0, open_high=True)]
    n_step: Annotated[int, Interval(1, 100)]
    reward_normalization: Switch
    batch_size: Count
    buffer_size: Annotated[int, Interval(10, 1e9)]
    learning_starts: Annotated[int, Interval(0, 1e9)]
    random_action_steps: Count
    train_freq: Count
    gradient_steps: Count
    exploration_noise: Noise
    exploration_noise_end: Noise
    exploration_noise_steps: Steps

    @abstractmethod
    def build(
        self,
        *,
        network: "Network",
        observation: "Observation",
        action: "Action",
        alerts: "Alerts",
        logging: "Logging",
        compute: "Compute",
        seed: int,
    ) -> "TD3":
        """The learner itself, with fresh weights that follow from ``seed``."""
