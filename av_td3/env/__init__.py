"""The CARLA client as a Gymnasium environment, in a process of its own."""

import os

from av_td3.env.errors import EpisodeFailed
from av_td3.env.registration import register_envs
from av_td3.machine.process import home_folder
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

__all__ = ["EpisodeFailed", "SimulatorLost", "SimulatorUnavailable"]

os.environ.setdefault("HOME", home_folder())  # the client library crashes when it is imported without one
register_envs()
