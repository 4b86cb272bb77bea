"""The world of an environment's episodes: a server's town and weather, and in it the car, its sensors and the traffic."""

import math
from contextlib import suppress
from typing import Any

import carla
import numpy as np
from numpy.typing import NDArray

from av_td3.config.experiment import DrivingTask
from av_td3.config.route_set import load_route_set
from av_td3.env.client_errors import is_timeout, try_spawn
from av_td3.env.clock import Clock
from av_td3.env.episode_options import EpisodeOptions
from av_td3.env.found_world import FoundWorld
from av_td3.env.junction_turns import junction_turns
from av_td3.env.readiness import CAMERA, WITHOUT_RENDERING, wait_until_ready
from av_td3.env.rendering.episode import EpisodeRenderer
from av_td3.env.route import Route
from av_td3.env.sensors import Sensors
from av_td3.env.town_roads import TownRoads
from av_td3.env.traffic import Traffic
from av_td3.env.world import (
    HERO,
    ROLE,
    connect,
    destroy_ours,
    enable_synchronous_mode,
    prepare_world,
    set_rendering,
    version_warning,
    weather_parameters,
    weather_preset,
)
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.port_lease import lease_port
from av_td3.simulator.server_lease import ServerLease

SPAWN_TRIES = 20
SPAWN_HEIGHT = 0.5  # m above the lane on which a given route starts
SETTLE_TICKS = 60  # ticks that the car may take to come to rest: CARLA drops it from some decimetres above the road
STANDING_SPEED = 0.05  # m/s, below which it does
FALLING = 3.0  # m/s2, vertical; a free fall has 9.8
SPECTATOR_HEIGHT = 25.0  # m above the car
CLOSE_TIMEOUT = 2.0  # s that ``close`` waits for an answer of the server


class EpisodeWorld:
    """Connects to a server, and prepares its world for one episode after another.

    Args:
        task: scenario, observation and simulator.
        rendered: whether episodes may be rendered, so that the server must render even without cameras in the observation.

    Raises:
        SimulatorUnavailable: no server answers at the address, it lacks something that the task names, or another environment
            or client uses it.
        SimulatorLost: the server answers, but does not render.

    Attributes:
        warnings: about the server, a line each.
        vehicle: the car, a ``carla.Vehicle``.
        route: that it drives.
        lanes: centre lines of the map's lanes, each float64 (n, 2) in metres.
        town: name of the map, without folders.
        context: where the episode starts, for error messages.

    """

    route: Route
    lanes: list[NDArray[np.float64]]
    town: str

    def __init__(self, task: DrivingTask, *, rendered: bool):
        self._simulator = simulator = task.simulator
        self._scenario = task.scenario
        self._observation = task.observation
        self._weathers = {name: weather_preset(name) for name in task.scenario.weathers}
        self._test_routes = [] if task.scenario.test_routes is None else load_route_set(task.scenario.test_routes).routes
        self._lease = ServerLease(simulator.host, simulator.port)
        try:
            self._client, self.world = connect(simulator)
            self._found = FoundWorld(self.world, self._lease.notes)
            has_cameras = bool(task.observation.cameras) or rendered
            if has_cameras or not simulator.is_shared:  # cameras of others on a shared server work as before
                set_rendering(self.world, has_cameras or simulator.spectator)
            wait_until_ready(self.world, simulator.start_timeout, sensor=CAMERA if has_cameras else WITHOUT_RENDERING)
            warning = version_warning(self._client)
        except Exception as error:
            self._lease.release()
            if is_timeout(error):
                raise SimulatorLost(" ".join(str(error).split())) from error
            raise
        self.warnings = [] if warning is None else [warning]
        self._clock = Clock(simulator.tick_rescue_after)
        self._traffic = Traffic(self._client, lease_port(), simulator.hybrid_physics_radius)
        self._roads: dict[str, TownRoads] = {}  # by map
        self._sensors: Sensors | None = None
        self._renderer: EpisodeRenderer | None = None
        self._map_is_loaded = False  # by this environment
        self.vehicle: Any = None
        self.context = ""

    # -- the start of an episode ---------------------------------------------------------------------------------------

    def begin(self, options: EpisodeOptions, rng: np.random.Generator, renderer: EpisodeRenderer | None) -> None:
        """Load the town, and let car and traffic stand at the start of an episode.

        Args:
            options: of the episode; its weather is given.
            rng: chooses spawn point, route and traffic.
            renderer: follows the episode, or None.

        Raises:
            Exception: of the client; SimulatorUnavailable where the server lacks something that the task names.

        """
        self._clear(options)
        carla_map = self.world.get_map()
        if carla_map.name not in self._roads:
            self._roads[carla_map.name] = TownRoads(carla_map, self._test_routes)
        roads = self._roads[carla_map.name]
        self.lanes, self.town = roads.lanes, roads.town
        start = self._place_car(roads, options, rng)
        self._sensors = Sensors(
            self.world, self.vehicle, self._observation, self._simulator.timeout, self._simulator.collision_wait
        )
        has_traffic = self._scenario.npc_vehicles > 0 or options.autopilot
        if has_traffic:
            self._traffic.spawn(self.world, roads.spawn_points, self._scenario.npc_vehicles, start, rng)
            self._clock.use(self.world, self._traffic.port)
        if renderer is not None:  # the last actor, so that the others are the same as without it
            self._renderer = renderer
            renderer.attach(self.world, self.vehicle, self.lanes)
        self.vehicle.apply_control(carla.VehicleControl(brake=1.0))
        self.tick()
        if has_traffic:
            self._traffic.start()
        for _ in range(self._scenario.warmup_ticks - 1):
            self.tick()
        self._settle()
        if options.autopilot:
            self._traffic.drive(self.vehicle, junction_turns(carla_map, self.route.points))
        self._sensors.clear()
        if renderer is not None:
            renderer.clear()

    def _clear(self, options: EpisodeOptions) -> None:
        """Remove what the last episode has left, and set town, synchronous mode and weather."""
        self.world.get_settings()  # raises if the server does not answer: the Traffic Manager would abort the process
        self._remove_own()
        only = self._scenario.towns[0] if self._scenario.towns else None
        before, self.world = (
            self.world,
            prepare_world(self._client, self.world, options.town or only, self._simulator, loaded=self._map_is_loaded),
        )
        self._map_is_loaded = self._map_is_loaded or self.world is not before
        enable_synchronous_mode(self.world, self._simulator.fixed_delta_seconds)
        self.world.set_weather(self._weather(options))
        self._clock.use(self.world, None)

    def _weather(self, options: EpisodeOptions) -> Any:
        """The weather of the episode: that of its route comes first."""
        route, name = options.route, str(options.weather)
        if route is not None and route.weather:
            return weather_parameters(route.weather)
        return self._weathers[name] if name in self._weathers else weather_preset(name)

    def _place_car(self, roads: TownRoads, options: EpisodeOptions, rng: np.random.Generator) -> Any:
        """Spawn the car and plan its route; returns the car's transform."""
        if options.route is None:
            start = self._spawn_anywhere(roads, rng)
            self.route = roads.draw_route(start, self._scenario.route_length, rng)
        else:
            places = roads.places(options.route)
            start = self._spawn_on_route(options.route.id, places[0].transform)
            self.route = roads.planner.plan_through(places)
        return start

    def _spawn_on_route(self, route: str, start: Any) -> Any:
        """Spawn the car where a given route starts; returns its transform."""
        start.location.z += SPAWN_HEIGHT
        self.vehicle = try_spawn(self.world, self._blueprint(), start)
        if self.vehicle is None:
            raise RuntimeError(f"no room for the car at the start of route {route}")
        self.context = f", route {route}"
        return start

    def _spawn_anywhere(self, roads: TownRoads, rng: np.random.Generator) -> Any:
        """Spawn the car at the configured or a random spawn point; returns its transform."""
        blueprint, points = self._blueprint(), roads.spawn_points
        chosen = self._scenario.spawn_point
        if chosen is not None and chosen >= len(points):
            raise SimulatorUnavailable(f"scenario.spawn_point={chosen}: the map has the spawn points 0 to {len(points) - 1}")
        for _ in range(SPAWN_TRIES):
            number = chosen if chosen is not None else roads.starts[rng.integers(len(roads.starts))]
            self.vehicle = try_spawn(self.world, blueprint, points[number])
            if self.vehicle is not None:
                location = points[number].location
                self.context = f", spawn point {number} at ({location.x:.1f}, {location.y:.1f})"
                return points[number]
        raise RuntimeError(f"no free spawn point in {SPAWN_TRIES} tries")

    def _blueprint(self) -> Any:
        """The blueprint of the car."""
        try:
            blueprint = self.world.get_blueprint_library().find(self._scenario.vehicle)
        except IndexError:
            raise SimulatorUnavailable(f"scenario.vehicle={self._scenario.vehicle}: the server has no such blueprint") from None
        blueprint.set_attribute("role_name", ROLE if self._simulator.hybrid_physics_radius is None else HERO)
        return blueprint

    def _settle(self) -> None:
        """Tick until the car stands on its wheels. Raises RuntimeError where it does not come to rest."""
        for _ in range(SETTLE_TICKS):
            falls = abs(self.vehicle.get_acceleration().z) > FALLING  # at the top of a bounce, it has no speed
            if self.vehicle.get_velocity().length() < STANDING_SPEED and not falls:
                return
            self.tick()
        height = self.vehicle.get_location().z
        raise RuntimeError(
            f"the car does not come to rest within {SETTLE_TICKS} ticks after spawning; it is at height {height:.1f} m"
        )

    # -- during an episode ---------------------------------------------------------------------------------------------

    def tick(self) -> int:
        """Advance the world by one step; returns the number of the new frame."""
        frame = self._clock.tick()
        if self.world.get_snapshot().frame != frame:
            raise SimulatorLost(f"another client ticks this world: frame {frame} was followed by another at once")
        if self._simulator.spectator:
            self._move_spectator()
        return frame

    def _move_spectator(self) -> None:
        place = self.vehicle.get_location()
        above = carla.Location(place.x, place.y, place.z + SPECTATOR_HEIGHT)
        self.world.get_spectator().set_transform(carla.Transform(above, carla.Rotation(pitch=-90.0)))

    def images(self, frame: int) -> dict[str, NDArray[np.uint8]]:
        """Images of a tick by name of the camera, as ``Sensors.images``."""
        assert self._sensors is not None
        return self._sensors.images(frame)

    def collided(self, frame: int) -> str | None:
        """What the car has collided with up to a tick, as ``Sensors.collided``."""
        assert self._sensors is not None
        acceleration = self.vehicle.get_acceleration()
        return self._sensors.collided(frame, math.hypot(acceleration.x, acceleration.y))

    # -- its end -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Remove all that was spawned, and restore settings and weather."""
        self._client.set_timeout(CLOSE_TIMEOUT)
        with suppress(RuntimeError):
            self._clean_up()
        self._clock.close()
        self._lease.release()
        # The client's destructors can abort a process that is ending, so they have to run before.
        self.vehicle, self._roads, self.world, self._client = None, {}, None, None

    def _clean_up(self) -> None:
        if self._sensors is not None:
            self._sensors.stop()
        if self._renderer is not None:
            self._renderer.stop()
        self.world.get_settings()  # raises if the server does not answer: the Traffic Manager would abort the process
        self._remove_own()
        self._found.restore(self.world)

    def _remove_own(self) -> None:
        """Destroy what this environment has spawned, and stop the Traffic Manager."""
        spawned = {actor.id for actor in (self.vehicle, *self._traffic.actors) if actor is not None}
        sensors, self._sensors, self.vehicle = self._sensors, None, None  # even if destroying them fails
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            renderer.detach()
        if sensors is not None:
            sensors.destroy()
        self._traffic.stop()
        destroy_ours(self._client, self.world, spawned)
