"""``gymnasium.make("av_td3.env:av_td3/Carla-v0")``: the part before the colon is imported first."""

from typing import Any

import gymnasium

ENV_ID = "av_td3/Carla-v0"


def register_envs() -> None:
    """Make the id known to Gymnasium; harmless when repeated."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(id=ENV_ID, entry_point="av_td3.env.registration:make_carla_env")


def make_carla_env(overrides: tuple[str, ...] = (), host: str = "127.0.0.1", port: int = 2000) -> gymnasium.Env[Any, Any]:
    """The environment that ``conf/`` describes, on a CARLA server that runs at ``host:port``.

    ``overrides`` are those of the command line, for example ``("scenario=loop", "reward.target_speed=20")``.
    """
    from hydra import compose, initialize_config_dir

    from av_td3.config import CONF, register_schema, validated
    from av_td3.env.carla_env import CarlaEnv

    register_schema()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("config", ["name=gymnasium", f"simulator.host={host}", f"simulator.port={port}", *overrides])
    config = validated(composed)
    return CarlaEnv(config.simulator, config.scenario, config.reward)
