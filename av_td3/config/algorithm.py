"""The base class of algorithms. Each algorithm keeps its own keys in its own module, for example agents/td3_config.py."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated

from av_td3.config.limits import Count, Interval, Steps, Switch
from av_td3.config.schema import Schema

if TYPE_CHECKING:
    from av_td3.agents.agent import Agent
    from av_td3.agents.compute import Compute
    from av_td3.config.experiment import Config

Noise = Annotated[float, Interval(0.0, 2.0, "actions lie between -1 and 1")]


class Algorithm(Schema, ABC):
    """Configuration of an off-policy algorithm: the keys that the trainer and the replay read.

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

    def planned_updates(self, total_steps: int) -> int:
        """Updates of a run of so many environment steps, at least 1."""
        first, last = self.learning_starts // self.train_freq, total_steps // self.train_freq
        return max(1, (last - first) * self.gradient_steps)

    @abstractmethod
    def build(self, config: "Config", compute: "Compute") -> "Agent":
        """Make the learner.

        Args:
            config: the whole configuration: the shapes are in ``observation`` and ``action``, the encoder in ``network``.
            compute: device and number format.

        Returns:
            An agent (see agents/agent.py) with fresh weights that follow from ``config.seed``.

        """
