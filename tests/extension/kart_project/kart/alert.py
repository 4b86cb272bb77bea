"""What raises an alert during training."""

from collections.abc import Mapping
from typing import ClassVar

from av_td3 import metrics
from av_td3.config.alerts import Alert, Threshold


class LargeLoss(Alert):
    """The critic's loss is above ``max_loss``."""

    max_loss: Threshold
    shown: ClassVar[tuple[str, ...]] = (metrics.CRITIC_LOSS,)

    def raised(self, scalars: Mapping[str, float]) -> bool:
        return scalars.get(metrics.CRITIC_LOSS, 0.0) > self.max_loss
