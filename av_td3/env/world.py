"""Connect to a server's world, and prepare it for an episode."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import carla

from av_td3.config.simulator import Simulator
from av_td3.simulator.errors import NoServer, SimulatorLost, SimulatorUnavailable
from av_td3.simulator.handshake import read_version

ROLE = "av_td3"  # role_name of every actor that an environment spawns, by which a later one knows what a killed one has left
HERO = "hero"  # role_name of the car around which the Traffic Manager's hybrid mode has full physics
MOVABLE = ("vehicle.", "walker.", "sensor.")  # kinds of actors that somebody has spawned
POLL_INTERVAL = 0.2  # s between requests for the world of a server that starts
MAX_SUBSTEP = 0.01  # s, CARLA's own default, as is at most 10 substeps for a tick


def connect(simulator: Simulator) -> tuple[Any, Any]:
    """Client and world of the server at the simulator's address. A server that starts answers long before it has a world.

    Raises:
        NoServer: none answers.
        SimulatorLost: it answers, but gives no world within ``simulator.start_timeout``.

    """
    client = carla.Client(simulator.host, simulator.port)
    client.set_timeout(simulator.timeout)
    deadline = time.monotonic() + simulator.start_timeout
    while True:
        try:
            return client, client.get_world()
        except RuntimeError as error:
            _check_answers(simulator)
            if time.monotonic() > deadline:
                waited = f"no world within simulator.start_timeout={simulator.start_timeout:g} s"
                raise SimulatorLost(f"the server at {simulator.host}:{simulator.port} answers, but has {waited}") from error
            time.sleep(POLL_INTERVAL)


def _check_answers(simulator: Simulator) -> None:
    try:
        read_version(simulator.host, simulator.port, simulator.timeout)
    except (OSError, ValueError) as error:
        raise NoServer(
            f"no CARLA server answers at {simulator.host}:{simulator.port} within {simulator.timeout:g} s"
        ) from error


def set_rendering(world: Any, wanted: bool) -> None:
    """Render, whether somebody has switched that off or not; without cameras and a spectator, save the GPU that work."""
    settings = world.get_settings()
    if settings.no_rendering_mode == wanted:
        settings.no_rendering_mode = not wanted
        world.apply_settings(settings)


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


def weather_parameters(values: Mapping[str, float]) -> Any:
    """``carla.WeatherParameters`` with these values."""
    weather = carla.WeatherParameters()
    for name, value in values.items():
        setattr(weather, name, value)
    return weather


def prepare_world(client: Any, world: Any, town: str | None, simulator: Simulator, *, loaded: bool) -> Any:
    """The world of a town, after loading it if it is not there or the simulator says so.

    Args:
        client: a ``carla.Client``.
        world: the current one.
        town: None keeps the current one.
        simulator: of which the layers of a map are loaded.
        loaded: whether this environment has loaded the map, with these layers.

    Raises:
        SimulatorUnavailable: there is no such map, or loading it would destroy actors of others.

    """
    current = _short(world.get_map().name)
    wanted = town or current
    layers_are_missing = simulator.map_layers != "All" and not loaded
    if wanted != current or layers_are_missing or simulator.reload_each_episode:
        if simulator.is_shared:
            _check_nobody_loses(world, wanted)
        client.set_timeout(max(simulator.timeout, simulator.start_timeout))  # loading a map of CARLA takes up to minutes
        try:
            if wanted == current and simulator.map_layers == "All":
                return client.reload_world(False)
            return _load(client, wanted, simulator)
        finally:
            client.set_timeout(simulator.timeout)
    return world


def _check_nobody_loses(world: Any, town: str) -> None:
    actors = list(world.get_actors())
    ours = _ours(actors)
    others = [actor for actor in actors if actor.type_id.startswith(MOVABLE) and actor.id not in ours]
    if others:
        raise SimulatorUnavailable(
            f"loading the map {town} would destroy {len(others)} actors of others, such as a {others[0].type_id}: remove them, "
            "use another server, or keep the map with scenario.town=null and simulator.reload_each_episode=false"
        )


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


def destroy_ours(client: Any, world: Any, known: set[int]) -> None:
    """Destroy all actors that environments have spawned, including those of a process that was killed before it could.

    Args:
        client: a ``carla.Client``.
        world: in it, actors that have not been through a tick are not listed.
        known: ids of those that this environment has spawned.

    """
    ours = known | _ours(list(world.get_actors()))
    if ours:
        # Without a tick: only Clock rescues one that hangs, and the server destroys at once.
        client.apply_batch_sync([carla.command.DestroyActor(actor) for actor in sorted(ours)], False)


def _ours(actors: Sequence[Any]) -> set[int]:
    """Ids of those of our role. A car that had to be called ``hero``, as those of others are, is the one with our sensors."""
    ours = {actor.id for actor in actors if actor.attributes.get("role_name") == ROLE}
    return ours | {actor.parent.id for actor in actors if actor.id in ours and actor.parent is not None}


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
