"""The base class of algorithms. Each algorithm keeps its own keys in its own module, for example agents/td3_config.py."""

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
    """Configuration of an off-policy algorithm: the keys that the training loop and the replay read.

    Derive from it to add an algorithm. Its own keys are the fields of the class, and ``_target_`` names the class.
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
        """Create the agent.

        Args:
            network: encoders and heads.
            observation: shapes of ``image`` and ``vector``.
            action: size of an action.
            alerts: thresholds that each update is checked against.
            logging: intervals of the measurements, in updates.
            compute: device, precision and compilation.
            seed: determines the initial weights and the target noise.

        Returns:
            The agent, with initial weights.

        """
