"""Thresholds of alerts and gate."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Interval, Steps, Switch
from av_td3.config.schema import ByTarget, Schema
from av_td3.metrics import ALERTS

Threshold = Annotated[float, Interval(0.0, 1e30, open_low=True)]
Share = Annotated[float, Interval(0.0, 1.0)]


class Alert(Schema, ABC):
    """An alert on what a run logs. Derive from it to add one, with its thresholds as fields, and name it in ``alerts.custom``.

    It is asked once at each point in TensorBoard, ``logging.every_updates`` updates apart, and logged under ``alerts/`` as 1 or
    0. What it has to remember goes into private attributes; a checkpoint does not hold them.
    """

    shown: ClassVar[tuple[str, ...]] = ()  # tags whose values are printed when the alert begins

    @abstractmethod
    def raised(self, scalars: Mapping[str, float]) -> bool:
        """Whether something is wrong at this point. An exception ends the run.

        Args:
            scalars: all that is logged at this point, by its tag (``av_td3/metrics.py`` has them with their units): means over
                the updates since the last point, their largest values (tags that end in ``_max``), and how many updates raised
                each built-in alert. A tag can be missing, such as one of the actor where only the critic was updated; those of
                episodes and evaluations always are.

        """


class Alerts(Schema):
    """Thresholds of the built-in alerts, alerts of one's own, and which of all end a run."""

    explosion_warning: Threshold
    explosion_critical: Threshold
    clip_tolerance: Share
    dead_updates: Steps
    max_q: Threshold
    saturation_level: Share
    saturation_share: Share
    disagreement_ratio: Threshold
    max_non_finite: Steps
    quiet_points: Steps
    custom: dict[str, Annotated[Alert, ByTarget()]]
    stop_on: list[str]

    @field_validator("custom")
    @classmethod
    def _names_are_free(cls, custom: dict[str, Alert]) -> dict[str, Alert]:
        for name in custom:
            if name in ALERTS:
                raise ConfigError(f"alerts.custom.{name}: is the name of a built-in alert; choose another")
            if not re.fullmatch(r"\w+", name, re.ASCII):
                raise ConfigError(f"alerts.custom.{name}: must be a name of letters, digits and _, as it becomes that of a tag")
        return custom

    @field_validator("stop_on")
    @classmethod
    def _alerts_exist(cls, stop_on: list[str], info: ValidationInfo) -> list[str]:
        known = (*ALERTS, *info.data.get("custom", ()))  # an invalid custom alert is reported instead
        if not set(stop_on) <= set(known):
            raise PydanticCustomError("not_allowed", "{message}", {"message": f"must be one of {', '.join(known)}"})
        return stop_on


class Gate(Schema):
    """Thresholds that a run must meet before the next, more expensive one."""

    min_updates: Annotated[int, Interval(0, 1e12)]
    max_actor_loss: Threshold
    max_actor_loss_growth: Annotated[float, Interval(1.0, 1e30, open_low=True)]
    max_grad_norm: Threshold
    max_disagreement: Threshold
    max_q: Threshold
    max_twin_gap: Threshold
    max_critic_loss: Threshold
    min_episode_ratio: Share
    exit_code: Switch
