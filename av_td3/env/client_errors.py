"""Tell timeouts of the carla client from errors that the server reports."""

import traceback
from typing import Any

from av_td3.config.plugins import place
from av_td3.env.errors import EpisodeFailed
from av_td3.simulator.errors import SimulatorLost

# The 0.9.16 client has no class for timeouts: without an answer it raises a RuntimeError that begins with the first text,
# whether the server hangs, was killed or never ran. After a map change it may be the second text instead.
TIMEOUT_MESSAGES = ("time-out of ", "failed to connect to newly created map")


def is_timeout(error: BaseException) -> bool:
    """Whether the server has not answered; other errors are answers, and would be the same again."""
    return isinstance(error, RuntimeError) and str(error).startswith(TIMEOUT_MESSAGES)


def translate(error: Exception, context: str) -> SimulatorLost | EpisodeFailed:
    """Turn an error of an episode into one for callers of the environment.

    Args:
        error: raised by the client or by a class of the configuration.
        context: of the episode, as a part of the message.

    Returns:
        SimulatorLost for a timeout, else EpisodeFailed with error, place in the code and context.

    """
    text = " ".join(str(error).split())
    if is_timeout(error):
        return SimulatorLost(text)
    where = place(traceback.extract_tb(error.__traceback__)[-1])  # a call into the client has no frame of its own
    return EpisodeFailed(f"{type(error).__name__}: {text} (at {where}; {context})", f"{type(error).__name__} at {where}")


def try_spawn(world: Any, blueprint: Any, transform: Any) -> Any:
    """The new actor, or None where the space is occupied. Unlike the client's ``try_spawn_actor``, it raises timeouts."""
    try:
        return world.spawn_actor(blueprint, transform)
    except RuntimeError as error:
        if is_timeout(error):
            raise
        return None
