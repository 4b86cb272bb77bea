"""``gymnasium.make("av_td3/Carla-v0")``."""

from pathlib import Path
from typing import Any

import gymnasium

CONF = Path(__file__).resolve().parents[2] / "conf"


def register_envs() -> None:
    """Called by Gymnasium when it is imported (entry point ``gymnasium.envs``)."""
    gymnasium.register(id="Carla-v0", entry_point="av_td3.env.registration:make_carla_env", disable_env_checker=True)


def make_carla_env(overrides: tuple[str, ...] = (), host: str = "127.0.0.1", port: int = 2000) -> gymnasium.Env[Any, Any]:
    """The environment that ``conf/`` describes, on a CARLA server that runs at ``host:port``.

    ``overrides`` are those of the command line, for example ``("scenario=loop", "reward.target_speed=20")``.
    """
    from hydra import compose, initialize_config_dir

    from av_td3.config import register_schema, validated
    from av_td3.env.carla_env import CarlaEnv

    register_schema()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("config", ["name=gymnasium", f"simulator.host={host}", f"simulator.port={port}", *overrides])
    config = validated(composed)
    return CarlaEnv(config.simulator, config.scenario, config.reward)
