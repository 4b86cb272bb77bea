"""Builds the drivers that are not trained."""

from av_td3.config.experiment import DrivingTask
from av_td3.evaluation.driver import Autopilot, Driver, RandomDriver
from av_td3.evaluation.evaluator import KMH
from av_td3.evaluation.pure_pursuit import PurePursuit

TARGET_SPEED = 30.0  # km/h, where the reward has no target speed


def build_driver(kind: str, task: DrivingTask) -> Driver:
    """Build a driver.

    Args:
        kind: ``pure_pursuit``, ``autopilot`` or ``random``.
        task: that it drives in.

    """
    if kind == PurePursuit.kind:
        speed = getattr(task.reward, "target_speed", None)
        return PurePursuit((TARGET_SPEED if speed is None else speed) / KMH)
    return Autopilot() if kind == Autopilot.kind else RandomDriver(task.action.size)
