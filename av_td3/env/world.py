"""Connect to a server's world, prepare it for an episode, and release it."""

from typing import Any

import carla

from av_td3.config.simulator import Simulator
from av_td3.simulator.errors import SimulatorUnavailable


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


def weather_preset(name: str) -> Any:
    """The client's weather preset of this name. Raises SimulatorUnavailable for an unknown one."""
    preset = getattr(carla.WeatherParameters, name, None)
    if not isinstance(preset, carla.WeatherParameters):
        presets = sorted(n for n, v in vars(carla.WeatherParameters).items() if isinstance(v, carla.WeatherParameters))
        raise SimulatorUnavailable(f"scenario.weather={name}: must be one of {', '.join(presets)}")
    return preset


def prepare_world(client: Any, world: Any, town: str | None, reload: bool) -> Any:
    """The world of a town (None: the current one) without vehicles and sensors, after reloading it if ``reload``."""
    if town is not None and _short(world.get_map().name) != town:
        return _load(client, town)
    if reload:
        return client.reload_world(False)
    _destroy_leftovers(client, world)
    return world


def enable_synchronous_mode(world: Any, delta: float) -> None:
    """Let the world advance by ``delta`` seconds at each tick of this client, and only then."""
    settings = world.get_settings()
    if not settings.synchronous_mode or settings.fixed_delta_seconds != delta:
        settings.synchronous_mode, settings.fixed_delta_seconds = True, delta
        world.apply_settings(settings)


def release_world(client: Any, world: Any, actors: list[int]) -> None:
    """Destroy actors and return to asynchronous mode."""
    client.apply_batch([carla.command.DestroyActor(actor) for actor in actors])
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = False, None
    world.apply_settings(settings)


def _load(client: Any, town: str) -> Any:
    """Load a map, and keep the mode. Raises SimulatorUnavailable for an unknown one."""
    known = [_short(name) for name in client.get_available_maps()]
    if town not in known:
        raise SimulatorUnavailable(f"scenario.town={town}: the server has the maps {', '.join(sorted(known))}")
    return client.load_world(town, False)


def _destroy_leftovers(client: Any, world: Any) -> None:
    """Destroy all vehicles and sensors, including those of a worker that was killed before it could clean up."""
    ids = [actor.id for actor in world.get_actors() if actor.type_id.startswith(("vehicle.", "sensor."))]
    if ids:
        client.apply_batch_sync([carla.command.DestroyActor(i) for i in ids], True)


def _short(map_name: str) -> str:
    """``Town01`` from ``Carla/Maps/Town01``."""
    return map_name.rsplit("/", 1)[-1]
