"""Connect to a server's world, and prepare it for an episode."""

import math
from collections.abc import Sequence
from typing import Any

import carla

from av_td3.config.simulator import Simulator
from av_td3.simulator.errors import SimulatorUnavailable

ROLE = "av_td3"  # role_name of every actor that an environment spawns, by which a later one knows what a killed one has left
HERO = "hero"  # role_name of the car around which the Traffic Manager's hybrid mode has full physics
MAX_SUBSTEP = 0.01  # s, CARLA's own default, as is at most 10 substeps for a tick


def connect(simulator: Simulator) -> tuple[Any, Any]:
    """Client and world of the server at the simulator's address. Raises SimulatorUnavailable where none answers."""
    client = carla.Client(simulator.host, simulator.port)
    client.set_timeout(simulator.timeout)
    try:
        return client, client.get_world()
    except RuntimeError as error:
        raise SimulatorUnavailable(
            f"no CARLA server answers at {simulator.host}:{simulator.port} within {simulator.timeout:g} s"
        ) from error


def version_warning(client: Any) -> str | None:
    """A warning where client and server are of different versions, which works by luck or not at all."""
    ours, theirs = client.get_client_version(), client.get_server_version()
    if ours == theirs:
        return None
    return f"the CARLA server has version {theirs}, the client {ours}: expect crashes and wrong data; install CARLA {ours}"


def weather_preset(name: str) -> Any:
    """The client's weather preset of this name. Raises SimulatorUnavailable for an unknown one."""
    preset = getattr(carla.WeatherParameters, name, None)
    if not isinstance(preset, carla.WeatherParameters):
        presets = sorted(n for n, v in vars(carla.WeatherParameters).items() if isinstance(v, carla.WeatherParameters))
        raise SimulatorUnavailable(f"scenario.weather={name}: must be one of {', '.join(presets)}")
    return preset


def prepare_world(client: Any, world: Any, town: str | None, simulator: Simulator) -> Any:
    """The world of a town (None: the current one) without actors of ours, after reloading it if the simulator says so."""
    if town is not None and _short(world.get_map().name) != town:
        return _load(client, town, simulator)
    if simulator.reload_each_episode:
        return client.reload_world(False)
    destroy_leftovers(client, world)
    return world


def enable_synchronous_mode(world: Any, delta: float) -> None:
    """Let the world advance by ``delta`` seconds at each tick of this client, and only then, with physics for that step.

    CARLA splits a tick into substeps, and computes wrong physics where these cannot cover it (documentation, Synchrony and
    time-step, Physics substepping).
    """
    settings = world.get_settings()
    covered = settings.substepping and settings.max_substeps * settings.max_substep_delta_time >= delta * (1.0 - 1e-6)
    if settings.synchronous_mode and settings.fixed_delta_seconds == delta and covered:
        return
    settings.synchronous_mode, settings.fixed_delta_seconds = True, delta
    if not covered:
        settings.substepping, settings.max_substep_delta_time = True, MAX_SUBSTEP
        settings.max_substeps = math.ceil(delta / MAX_SUBSTEP - 1e-6)
    world.apply_settings(settings)


def destroy_leftovers(client: Any, world: Any) -> None:
    """Destroy all actors that environments have spawned, including those of a process that was killed before it could.

    The Traffic Manager's hybrid mode needs a car whose role is ``hero``, as others have too. Ours is the one with our sensors.
    """
    actors = list(world.get_actors())
    ours = {actor.id for actor in actors if actor.attributes.get("role_name") == ROLE}
    ours |= {actor.parent.id for actor in actors if actor.id in ours and actor.parent is not None}
    if ours:
        # Without a tick: only Clock rescues one that hangs, and the server destroys at once.
        client.apply_batch_sync([carla.command.DestroyActor(actor) for actor in sorted(ours)], False)


def _load(client: Any, town: str, simulator: Simulator) -> Any:
    """Load a map, and keep the mode. Raises SimulatorUnavailable for an unknown one."""
    known = [_short(name) for name in client.get_available_maps()]
    if town not in known:
        raise SimulatorUnavailable(f"scenario.town={town}: the server has the maps {', '.join(sorted(known))}")
    return client.load_world(town, False, map_layers(simulator.map_layers))


def map_layers(names: str | Sequence[str]) -> Any:
    """``carla.MapLayer`` of these names, or all."""
    if isinstance(names, str):
        return carla.MapLayer.All
    return carla.MapLayer(sum(int(getattr(carla.MapLayer, name)) for name in set(names)))


def _short(map_name: str) -> str:
    """``Town01`` from ``Carla/Maps/Town01``."""
    return map_name.rsplit("/", 1)[-1]
