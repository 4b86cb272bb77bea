"""``gymnasium.make("av_td3.env:av_td3/Carla-v0")``: the part before the colon is imported first."""

from collections.abc import Sequence
from typing import Any

import gymnasium

ENV_ID = "av_td3/Carla-v0"


def register_envs() -> None:
    """Register the id with Gymnasium, unless it is registered already."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(id=ENV_ID, entry_point="av_td3.env.registration:make_carla_env")


def make_carla_env(overrides: Sequence[str] = (), host: str | None = None, port: int | None = None) -> gymnasium.Env[Any, Any]:
    """Make the environment that ``conf/`` describes, with a built-in simulator of its own or on a running CARLA server.

    Args:
        overrides: as on the command line, for example ``("scenario=loop", "reward.target_speed=20")``.
        host: host of a running CARLA server; the same as ``simulator=carla simulator.host=...``.
        port: RPC port of a running CARLA server; the same as ``simulator=carla simulator.port=...``. Without ``host`` and
            ``port`` the environment starts the simulator of the overrides, by default a built-in one, and stops it when it is
            closed.

    Returns:
        A StandaloneEnv.

    Raises:
        ConfigError: an override is invalid, or contradicts ``host`` or ``port``.
        SimulatorUnavailable: no server answers, or another environment of this user uses it.

    """
    from av_td3.config.composition import driving_task
    from av_td3.config.errors import ConfigError
    from av_td3.env.standalone import StandaloneEnv

    if isinstance(overrides, str) or not isinstance(overrides, Sequence) or not all(isinstance(o, str) for o in overrides):
        raise ConfigError(f"overrides={overrides!r}: must be a sequence of strings, such as ({overrides!r},)")
    address = {"host": host, "port": port}
    given = [f"simulator.{name}={value}" for name, value in address.items() if value is not None]
    if given:
        _check_agreement(overrides, given)
        given.insert(0, "simulator=carla")
    return StandaloneEnv(driving_task(["name=gymnasium", *given, *overrides]))


def _check_agreement(overrides: Sequence[str], given: list[str]) -> None:
    """Raise ConfigError where arguments and overrides name different servers."""
    from av_td3.config.errors import ConfigError

    arguments = " ".join(part.removeprefix("simulator.") for part in given)
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        if key in ("simulator.host", "simulator.port") or (key == "simulator" and value != "carla"):
            raise ConfigError(f"{override}: contradicts {arguments}, which names a running server; leave one of them out")
