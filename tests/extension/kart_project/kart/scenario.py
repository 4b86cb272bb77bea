"""The task of an episode."""

from typing import Annotated

from av_td3.config.limits import Interval
from av_td3.config.scenario import Scenario


class KartScenario(Scenario):
    """A scenario with a key that its ending refers to."""

    patience: Annotated[float, Interval(0.1, 60.0, "seconds")]
