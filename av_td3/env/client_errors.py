"""What an error of the carla client means: a server that is silent, or a call that cannot succeed."""

import traceback
from pathlib import Path
from typing import Any

from av_td3.env.errors import EpisodeFailed
from av_td3.simulator.errors import SimulatorLost

# The 0.9.16 client has no class for it: every wait that ends without an answer raises a RuntimeError that begins so, whether
# the server hangs, was killed, or never was there. After a map change it may be the second text instead.
SILENCE = ("time-out of ", "failed to connect to newly created map")


def is_silence(error: BaseException) -> bool:
    """Whether the error says that no answer came; all others are answers, and would be the same again."""
    return isinstance(error, RuntimeError) and str(error).startswith(SILENCE)


def explain(error: Exception, circumstances: str) -> SimulatorLost | EpisodeFailed:
    """The error for the learner or user: SimulatorLost after silence, else EpisodeFailed with what, where and when."""
    text = " ".join(str(error).split())
    if is_silence(error):
        return SimulatorLost(text)
    frame = traceback.extract_tb(error.__traceback__)[-1]  # a call into the client has none of its own
    file = Path(frame.filename)
    place = f"{file.parent.name}/{file.name}:{frame.lineno}, `{frame.line}`"
    return EpisodeFailed(f"{type(error).__name__}: {text} (at {place}; {circumstances})", f"{type(error).__name__} at {place}")


def try_spawn(world: Any, blueprint: Any, transform: Any) -> Any:
    """The new actor, or None where there is no room. Unlike the client's ``try_spawn_actor``, raises when no answer comes."""
    try:
        return world.spawn_actor(blueprint, transform)
    except RuntimeError as error:
        if is_silence(error):
            raise
        return None
