"""``gymnasium.make("av_td3.env:av_td3/Carla-v0")``: the part before the colon is imported first."""

import os
from collections.abc import Collection, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import gymnasium

from av_td3.env.rendering.mode import RENDER_MODES

ENV_ID = "av_td3/Carla-v0"


def register_envs() -> None:
    """Register the id with Gymnasium, unless it is registered already."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(id=ENV_ID, entry_point="av_td3.env.registration:make_carla_env")


def make_env(
    run: str | PathLike[str] | None = None, overrides: Sequence[str] = (), render_mode: str | None = None, **arguments: Any
) -> gymnasium.Env[Any, Any]:
    """Make the environment of a run, or the one that ``conf/`` describes.

    Args:
        run: folder of the run; None for ``conf/``.
        overrides: as on the command line, after those of the run, for example ``("scenario.npc_vehicles=20",)``.
        render_mode: ``rgb_array``, ``human`` or None.
        arguments: further ones of ``make_carla_env`` and ``gymnasium.make``.

    Returns:
        What ``gymnasium.make("av_td3.env:av_td3/Carla-v0", ...)`` returns: a StandaloneEnv in Gymnasium's usual wrappers, which
        check each call. Close it to stop its simulator.

    Raises:
        ConfigError: there is no such run, an override is invalid, or the run's config names classes of other packages.
        SimulatorUnavailable: no server answers, or another environment of this user uses it.
        UnsupportedMode: there is no such render mode, or no display for ``human``.
        DependencyNotInstalled: ``human`` needs pygame.

    """
    if run is not None:
        arguments["run"] = os.fspath(run)
    register_envs()
    return gymnasium.make(ENV_ID, overrides=overrides, render_mode=render_mode, **arguments)


def make_carla_env(
    overrides: Sequence[str] = (),
    host: str | None = None,
    port: int | None = None,
    render_mode: str | None = None,
    run: str | None = None,
    packages: Collection[str] = (),
) -> gymnasium.Env[Any, Any]:
    """Make the environment that ``conf/`` or a run describes, with a simulator of its own or on a running CARLA server.

    Args:
        overrides: as on the command line, for example ``("scenario=loop", "reward.target_speed=20")``.
        host: host of a running CARLA server; the same as ``simulator=carla simulator.host=...``.
        port: RPC port of a running CARLA server; the same as ``simulator=carla simulator.port=...``. Without ``host`` and
            ``port`` the environment starts the simulator of the overrides, by default a built-in one, and stops it when it is
            closed.
        render_mode: ``rgb_array``, ``human`` or None. Config: ``render=chase`` or ``render=dash``, ``render.width=640``, ...
        run: folder of a run whose config is used; None for ``conf/``.
        packages: names of packages besides this one whose classes the config of the run may name.

    Returns:
        A StandaloneEnv.

    Raises:
        ConfigError: an override is invalid, or contradicts ``host`` or ``port``; or there is no such run.
        SimulatorUnavailable: no server answers, or another environment of this user uses it.
        UnsupportedMode: there is no such render mode, or no display for ``human``.
        DependencyNotInstalled: ``human`` needs pygame.

    """
    from av_td3.config.composition import driving_task
    from av_td3.config.errors import ConfigError
    from av_td3.env.standalone import StandaloneEnv
    from av_td3.runs.driving_task import driving_task_of

    if isinstance(overrides, str) or not isinstance(overrides, Sequence) or not all(isinstance(o, str) for o in overrides):
        raise ConfigError(f"overrides={overrides!r}: must be a sequence of strings, such as ({overrides!r},)")
    address = {"host": host, "port": port}
    given = [f"simulator.{name}={value}" for name, value in address.items() if value is not None]
    if given:
        _check_agreement(overrides, given)
        given.insert(0, "simulator=carla")
    if run is not None:
        return StandaloneEnv(driving_task_of(Path(run), [*given, *overrides], packages), render_mode)
    return StandaloneEnv(driving_task(["name=gymnasium", *given, *overrides]), render_mode)


make_carla_env.metadata = {"render_modes": RENDER_MODES}  # type: ignore[attr-defined]  # gymnasium.make reads it: rgb_array_list


def _check_agreement(overrides: Sequence[str], given: list[str]) -> None:
    """Raise ConfigError where arguments and overrides name different servers."""
    from av_td3.config.errors import ConfigError

    arguments = " ".join(part.removeprefix("simulator.") for part in given)
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        if key in ("simulator.host", "simulator.port") or (key == "simulator" and value != "carla"):
            raise ConfigError(f"{override}: contradicts {arguments}, which names a running server; leave one of them out")
