"""What random shooting is configured with."""

from typing import TYPE_CHECKING, Annotated

from av_td3.config.algorithm import Algorithm
from av_td3.config.limits import Count, Interval

if TYPE_CHECKING:
    from av_td3.agents.agent import Agent
    from av_td3.agents.compute import Compute
    from av_td3.config.experiment import Config


class RandomShootingConfig(Algorithm):
    """Its own keys, beside those that every algorithm has."""

    candidates: Count
    learning_rate: Annotated[float, Interval(0.0, 1.0, open_low=True)]
    tau: Annotated[float, Interval(0.0, 1.0, open_low=True)]

    def build(self, config: "Config", compute: "Compute") -> "Agent":
        from kart.agent import RandomShooting  # torch takes seconds to import; an invalid configuration should not wait for it

        return RandomShooting(self, config, compute)
