"""The CARLA client as a Gymnasium environment, in a process of its own."""

from av_td3.env.registration import register_envs

register_envs()
