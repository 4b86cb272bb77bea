"""Thresholds of alerts and gate."""

from typing import Annotated

from av_td3.config.limits import Form, Interval, Steps, Switch
from av_td3.config.schema import Schema
from av_td3.metrics import ALERTS

Threshold = Annotated[float, Interval(0.0, 1e30, open_low=True)]
Share = Annotated[float, Interval(0.0, 1.0)]


class Alerts(Schema):
    """Thresholds of the alerts, and the alerts that end a run."""

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
    stop_on: list[Annotated[str, Form("|".join(ALERTS), f"one of {', '.join(ALERTS)}")]]


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
