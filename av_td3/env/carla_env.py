"""A CARLA world as a Gymnasium environment: drive along a route by camera.

It uses the public ``carla`` client only, and works with any server that speaks its protocol.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import carla
import gymnasium
import numpy as np
from gymnasium import logger
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from numpy.typing import NDArray

from av_td3.config.action import Controls
from av_td3.config.experiment import DrivingTask
from av_td3.config.route_set import ROUTE_WEATHER, load_route_set
from av_td3.env.action import validate_action
from av_td3.env.client_errors import is_timeout, translate, try_spawn
from av_td3.env.clock import Clock
from av_td3.env.driving_state import DrivingState
from av_td3.env.endings import Termination
from av_td3.env.episode_options import EpisodeOptions, episode_options
from av_td3.env.found_world import FoundWorld
from av_td3.env.junction_turns import junction_turns
from av_td3.env.observation import Arrays, FrameStack, observation_space
from av_td3.env.other_vehicles import other_vehicles
from av_td3.env.readiness import CAMERA, WITHOUT_RENDERING, wait_until_ready
from av_td3.env.rendering.episode import EpisodeRenderer
from av_td3.env.rendering.mode import HUMAN, RENDER_MODES, check_render_mode
from av_td3.env.rendering.painting import Frame
from av_td3.env.route import Place
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
NEUTRAL = Controls(0.0, 0.0)
CLOSE_TIMEOUT = 2.0  # s that ``close`` waits for an answer of the server


class CarlaEnv(gymnasium.Env[Arrays, NDArray[np.float32]]):
    """A car that drives a route in a CARLA world.

    Observations and actions follow from the configuration. By default ``image`` is uint8 (4, 84, 84), the newest frame last,
    and ``vector`` float32 (23,) in [-10, 10]; an action is float32 (2,), steer (right positive) and pedal (throttle positive,
    brake negative), each in [-1, 1]; values outside are clipped.

    An episode is determined by the seed given to ``reset`` and by the actions; without a seed it continues the random sequence
    of the last seed.

    Args:
        task: scenario, observation, action, reward and simulator. A server must be running at the simulator's ``host`` and
            ``port``.
        render_mode: ``rgb_array`` lets ``render`` return a frame, ``human`` shows one in a window after each ``reset`` and
            ``step``. The section ``render`` of the configuration says what a frame shows. None costs nothing.

    Raises:
        SimulatorUnavailable: no server answers at the address, it lacks something that the task names, or another environment
            or client uses it.
        SimulatorLost: the server answers, but does not render.
        UnsupportedMode: there is no such render mode, or no display for ``human``.
        DependencyNotInstalled: ``human`` needs pygame.

    Attributes:
        warnings: about the server, a line each.

    """

    metadata = {"render_modes": RENDER_MODES, "render_fps": 10.0}  # noqa: RUF012 - as Gymnasium declares it

    def __init__(self, task: DrivingTask, render_mode: str | None = None):
        check_render_mode(render_mode)
        self.render_mode = render_mode
        self.metadata = {"render_modes": RENDER_MODES, "render_fps": round(1.0 / task.simulator.fixed_delta_seconds, 3)}
        self._simulator = simulator = task.simulator
        self._scenario = task.scenario
        self._observation = task.observation
        self._action = task.action
        self._reward = task.reward
        self._termination = Termination(task.scenario.endings)
        self.observation_space = observation_space(task.observation)  # type: ignore[assignment]
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (task.action.size,), np.float32)
        self._weathers = {name: weather_preset(name) for name in task.scenario.weathers}
        self._test_routes = [] if task.scenario.test_routes is None else load_route_set(task.scenario.test_routes).routes
        self._lease = ServerLease(simulator.host, simulator.port)
        try:
            self._client, self._world = connect(simulator)
            self._found = FoundWorld(self._world, self._lease.notes)
            has_cameras = bool(task.observation.cameras) or render_mode is not None
            if has_cameras or not simulator.is_shared:  # cameras of others on a shared server work as before
                set_rendering(self._world, has_cameras or simulator.spectator)
            wait_until_ready(self._world, simulator.start_timeout, sensor=CAMERA if has_cameras else WITHOUT_RENDERING)
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
        self._town: str | None = None  # drawn for these episodes
        self._episodes = 0
        self._options = EpisodeOptions()
        self._frames = FrameStack(task.observation.stack)
        self._sensors: Sensors | None = None
        self._renderer = None if render_mode is None else EpisodeRenderer(task.render, simulator.timeout)
        self._episode_renderer: EpisodeRenderer | None = None  # None where the episode is not rendered
        self._window: Any = None  # opened by the first frame
        self._vehicle: Any = None
        self._map_is_loaded = False  # by this environment
        self._in_episode = False
        self._closed = False
        self._context = ""  # of the episode, for error messages

    # -- episodes ------------------------------------------------------------------------------------------------------

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Arrays, dict[str, Any]]:
        """Start an episode on a new route.

        Args:
            seed: determines spawn point, route, traffic, and town and weather where the scenario lists several.
            options: the fields of EpisodeOptions: ``route``, ``town``, ``weather``, ``observe_traffic``, ``autopilot``,
                ``render``.

        Returns:
            The observation, and an info dict with ``town``, ``weather``, ``route``, a list of x and y in metres,
            ``route_length`` (m), ``lanes``, the centre lines of the map's lanes, each float64 (n, 2) in metres, and what
            ``step`` says of the car.

        Raises:
            ValueError: there is no such option.
            SimulatorLost: the server does not answer.
            SimulatorUnavailable: the server lacks something that the task names.
            EpisodeFailed: any other error; the next ``reset`` may succeed.
            ClosedEnvironmentError: the environment has been closed.

        """
        if self._closed:
            raise ClosedEnvironmentError("the environment is closed: make a new one")
        given = episode_options(options)
        super().reset(seed=seed)
        self._in_episode = False
        self._context = f"episode seed {'not given' if seed is None else seed}"
        with self._translate_errors():
            self._options = self._drawn(given)
            self._clear_world()
            self._episode_renderer = self._renderer if given.render else None
            self._begin_episode()
            frame = self._tick()
            state = self._observe_car(self._place_on_route(), collided=False, progress=0.0)
            observation = self._images(frame, self._frames.restart) | {"vector": self._observation.numbers(state)}
            if self._episode_renderer is not None:
                self._episode_renderer.start(frame, state)
        self._in_episode = True
        self._episodes += 1
        if self.render_mode == HUMAN and given.render:
            self._show()
        info = {
            "town": self._short_town,
            "weather": self._options.weather,
            "route": self._route.points.tolist(),
            "route_length": self._route.length,
            "lanes": self._lanes,
        }
        return observation, info | self._describe_car(state)

    def _drawn(self, given: EpisodeOptions) -> EpisodeOptions:
        """The options of an episode, with town and weather drawn where they are not given."""
        scenario, town, weather, route = self._scenario, given.town, given.weather, given.route
        if town is None and len(scenario.towns) > 1:
            if self._episodes % scenario.town_every_episodes == 0 or self._town is None:
                self._town = scenario.towns[self.np_random.integers(len(scenario.towns))]
            town = self._town
        if route is not None and route.weather:
            weather = ROUTE_WEATHER
        elif weather is None:
            names = scenario.weathers
            weather = names[self.np_random.integers(len(names))] if len(names) > 1 else names[0]
        return replace(given, town=route.town if route is not None else town, weather=weather)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turn an error into SimulatorLost (no answer) or EpisodeFailed (any other), and end the episode."""
        try:
            yield
        except SimulatorUnavailable:
            self._in_episode = False
            raise
        except Exception as error:
            translated = error if isinstance(error, SimulatorLost) else translate(error, self._describe_episode())
            self._in_episode = False
            raise translated from error

    def _describe_episode(self) -> str:
        """Seed, spawn point and, after ``reset``, the distance driven."""
        if not self._in_episode:
            return self._context
        return f"{self._context}, {self._travelled:.1f} m driven"

    def _begin_episode(self) -> None:
        carla_map = self._world.get_map()
        if carla_map.name not in self._roads:
            self._roads[carla_map.name] = TownRoads(carla_map, self._test_routes)
        roads = self._roads[carla_map.name]
        self._lanes, self._short_town = roads.lanes, roads.town
        if self._options.route is None:
            start = self._spawn_car(roads)
            self._route = roads.draw_route(start, self._scenario.route_length, self.np_random)
        else:
            places = roads.places(self._options.route)
            start = self._spawn_on_route(self._options.route.id, places[0].transform)
            self._route = roads.planner.plan_through(places)
        points = roads.spawn_points
        self._half_width = float(self._vehicle.bounding_box.extent.y)
        self._sensors = Sensors(
            self._world, self._vehicle, self._observation, self._simulator.timeout, self._simulator.collision_wait
        )
        has_traffic = self._scenario.npc_vehicles > 0 or self._options.autopilot
        if has_traffic:
            self._traffic.spawn(self._world, points, self._scenario.npc_vehicles, start, self.np_random)
            self._clock.use(self._world, self._traffic.port)
        if self._episode_renderer is not None:  # the last actor, so that the others are the same as without it
            self._episode_renderer.attach(self._world, self._vehicle, self._lanes)
        self._vehicle.apply_control(carla.VehicleControl(brake=1.0))
        self._tick()
        if has_traffic:
            self._traffic.start()
        for _ in range(self._scenario.warmup_ticks - 1):
            self._tick()
        self._settle()
        if self._options.autopilot:
            self._traffic.drive(self._vehicle, junction_turns(carla_map, self._route.points))
        self._sensors.clear()
        if self._episode_renderer is not None:
            self._episode_renderer.clear()
        self._termination.reset()
        self._previous_controls = NEUTRAL
        self._travelled = 0.0

    def _settle(self) -> None:
        """Tick until the car stands on its wheels. Raises RuntimeError where it does not come to rest."""
        for _ in range(SETTLE_TICKS):
            falls = abs(self._vehicle.get_acceleration().z) > FALLING  # at the top of a bounce, it has no speed
            if self._vehicle.get_velocity().length() < STANDING_SPEED and not falls:
                return
            self._tick()
        height = self._vehicle.get_location().z
        raise RuntimeError(
            f"the car does not come to rest within {SETTLE_TICKS} ticks after spawning; it is at height {height:.1f} m"
        )

    def _blueprint(self) -> Any:
        """The blueprint of the car."""
        try:
            blueprint = self._world.get_blueprint_library().find(self._scenario.vehicle)
        except IndexError:
            raise SimulatorUnavailable(f"scenario.vehicle={self._scenario.vehicle}: the server has no such blueprint") from None
        blueprint.set_attribute("role_name", ROLE if self._simulator.hybrid_physics_radius is None else HERO)
        return blueprint

    def _spawn_on_route(self, route: str, start: Any) -> Any:
        """Spawn the car where a given route starts; returns its transform."""
        start.location.z += SPAWN_HEIGHT
        self._vehicle = try_spawn(self._world, self._blueprint(), start)
        if self._vehicle is None:
            raise RuntimeError(f"no room for the car at the start of route {route}")
        self._context += f", route {route}"
        return start

    def _spawn_car(self, roads: TownRoads) -> Any:
        """Spawn the car at the configured or a random spawn point; returns its transform."""
        blueprint, points = self._blueprint(), roads.spawn_points
        chosen = self._scenario.spawn_point
        if chosen is not None and chosen >= len(points):
            raise SimulatorUnavailable(f"scenario.spawn_point={chosen}: the map has the spawn points 0 to {len(points) - 1}")
        for _ in range(SPAWN_TRIES):
            number = chosen if chosen is not None else roads.starts[self.np_random.integers(len(roads.starts))]
            self._vehicle = try_spawn(self._world, blueprint, points[number])
            if self._vehicle is not None:
                location = points[number].location
                self._context += f", spawn point {number} at ({location.x:.1f}, {location.y:.1f})"
                return points[number]
        raise RuntimeError(f"no free spawn point in {SPAWN_TRIES} tries")

    def _clear_world(self) -> None:
        """Remove what the last episode has left, and set synchronous mode and this scenario's weather."""
        self._world.get_settings()  # raises if the server does not answer: the Traffic Manager would abort the process
        self._remove_own()
        before, self._world = (
            self._world,
            prepare_world(self._client, self._world, self._town_to_load(), self._simulator, loaded=self._map_is_loaded),
        )
        self._map_is_loaded = self._map_is_loaded or self._world is not before
        enable_synchronous_mode(self._world, self._simulator.fixed_delta_seconds)
        self._world.set_weather(self._weather())
        self._clock.use(self._world, None)

    def _town_to_load(self) -> str | None:
        """The map of the episode; None keeps the server's."""
        only = self._scenario.towns[0] if self._scenario.towns else None
        return self._options.town or only

    def _weather(self) -> Any:
        """The weather of the episode: that of its route comes first."""
        route, name = self._options.route, str(self._options.weather)
        if route is not None and route.weather:
            return weather_parameters(route.weather)
        return self._weathers[name] if name in self._weathers else weather_preset(name)

    def _remove_own(self) -> None:
        """Destroy what this environment has spawned, and stop the Traffic Manager."""
        spawned = {actor.id for actor in (self._vehicle, *self._traffic.actors) if actor is not None}
        sensors, self._sensors, self._vehicle = self._sensors, None, None  # even if destroying them fails
        if self._renderer is not None:
            self._renderer.detach()
        if sensors is not None:
            sensors.destroy()
        self._traffic.stop()
        destroy_ours(self._client, self._world, spawned)

    # -- steps ---------------------------------------------------------------------------------------------------------

    def step(self, action: NDArray[np.float32]) -> tuple[Arrays, float, bool, bool, dict[str, Any]]:
        """Apply an action for one tick.

        Args:
            action: float32 (2,) by default; values outside [-1, 1] are clipped.

        Returns:
            Observation, reward, terminated, truncated and an info dict with ``terms`` (the weighted reward terms), ``speed``
            (m/s), ``travelled`` (m along the route), ``lateral`` (m right of it), ``heading_error`` and ``yaw`` (rad),
            ``over_the_line``, ``on_road``, ``position`` (x and y in m), ``controls`` (steer and pedal), ``collided``,
            ``collided_with`` (the kind of an actor, or None), where ``observe_traffic`` is set ``others``, and, in the last
            step, ``ending``, ``success`` and ``route_completion`` (0 to 1).

        Raises:
            ValueError: the action is not of finite numbers in the shape of the action space.
            SimulatorLost: the server does not answer.
            EpisodeFailed: any other error; the next ``reset`` may succeed.
            ResetNeeded: no episode is running.
            ClosedEnvironmentError: the environment has been closed.

        """
        if self._closed:
            raise ClosedEnvironmentError("the environment is closed: make a new one")
        if not self._in_episode:
            raise ResetNeeded("no episode is running: call reset before step")
        target = validate_action(action, self._action.names)
        with self._translate_errors():
            step = self._advance(self._action.controls(target, self._previous_controls, self._simulator.fixed_delta_seconds))
        if self.render_mode == HUMAN and self._options.render:
            self._show()
        return step

    def _advance(self, controls: Controls) -> tuple[Arrays, float, bool, bool, dict[str, Any]]:
        steer, pedal = controls
        if not (abs(steer) <= 1.0 and abs(pedal) <= 1.0):  # NaN is not
            raise ValueError(f"{type(self._action).__name__} returns {controls}; steer and pedal must be between -1 and 1")
        if not self._options.autopilot:
            control = carla.VehicleControl(throttle=max(0.0, pedal), steer=steer, brake=max(0.0, -pedal))
            self._vehicle.apply_control(control)
        frame = self._tick()
        if self._options.autopilot:
            applied = self._vehicle.get_control()
            controls = Controls(applied.steer, applied.throttle - applied.brake)
        images = self._images(frame, self._frames.push)

        place = self._place_on_route()
        progress, self._travelled = place.travelled - self._travelled, place.travelled
        hit = self._collided(frame)
        state = self._observe_car(place, collided=hit is not None, progress=progress, controls=controls)
        self._previous_controls = controls
        name, ending = reached = self._termination.check(state) or (None, None)
        reward = self._reward(state, name)
        if self._episode_renderer is not None:
            self._episode_renderer.update(frame, state, reward, *reached)
        info: dict[str, Any] = {
            "terms": reward.terms,
            "controls": controls,
            "collided": state.collided,
            "collided_with": hit,
        }
        info |= self._describe_car(state)
        if ending is not None:
            info["ending"], info["success"] = name, ending.completes_route
            done = 1.0 if ending.completes_route else place.travelled / self._route.length
            info["route_completion"] = max(0.0, min(1.0, done))
        self._in_episode = ending is None
        truncated = ending is not None and ending.truncates
        observation = images | {"vector": self._observation.numbers(state)}
        return observation, reward.value, ending is not None and not truncated, truncated, info

    def _describe_car(self, state: DrivingState) -> dict[str, Any]:
        """What ``info`` says of the car after a tick."""
        place = state.place
        described: dict[str, Any] = {
            "speed": state.speed,
            "travelled": place.travelled,
            "lateral": place.lateral,
            "heading_error": place.heading_error,
            "yaw": state.yaw,
            "over_the_line": state.over_the_line,
            "on_road": state.on_road,
            "position": (state.x, state.y),
        }
        if self._options.observe_traffic:
            described["others"] = other_vehicles(self._world, self._vehicle)
        return described

    def _tick(self) -> int:
        frame = self._clock.tick()
        if self._world.get_snapshot().frame != frame:
            raise SimulatorLost(f"another client ticks this world: frame {frame} was followed by another at once")
        if self._simulator.spectator:
            self._move_spectator()
        return frame

    def _move_spectator(self) -> None:
        place = self._vehicle.get_location()
        above = carla.Location(place.x, place.y, place.z + SPECTATOR_HEIGHT)
        self._world.get_spectator().set_transform(carla.Transform(above, carla.Rotation(pitch=-90.0)))

    def _images(self, number: int, stacked: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Arrays:
        """The observation's ``image`` at a frame, where there are cameras."""
        assert self._sensors is not None
        images = self._sensors.images(number)
        return {"image": stacked(self._observation.frame(images))} if images else {}

    def _collided(self, frame: int) -> str | None:
        assert self._sensors is not None
        acceleration = self._vehicle.get_acceleration()
        return self._sensors.collided(frame, math.hypot(acceleration.x, acceleration.y))

    def _place_on_route(self) -> Place:
        transform = self._vehicle.get_transform()
        position, yaw = transform.location, math.radians(transform.rotation.yaw)
        return self._route.locate(position.x, position.y, yaw, near=self._travelled)

    def _observe_car(self, place: Place, *, collided: bool, progress: float, controls: Controls = NEUTRAL) -> DrivingState:
        transform, velocity = self._vehicle.get_transform(), self._vehicle.get_velocity()
        yaw = math.radians(transform.rotation.yaw)
        carla_map = self._world.get_map()
        lane = carla_map.get_waypoint(transform.location, project_to_road=False, lane_type=carla.LaneType.Driving)
        return DrivingState(
            route=self._route,
            place=place,
            progress=progress,
            x=transform.location.x,
            y=transform.location.y,
            yaw=yaw,
            speed=velocity.x * math.cos(yaw) + velocity.y * math.sin(yaw),
            controls=controls,
            previous_controls=self._previous_controls,
            delta=self._simulator.fixed_delta_seconds,
            on_road=lane is not None,
            in_junction=lane is not None and lane.is_junction,
            half_width=self._half_width,
            collided=collided,
        )

    # -- rendering -----------------------------------------------------------------------------------------------------

    def render(self) -> Frame | None:
        """Draw a frame of the state after the last ``reset`` or ``step``.

        Returns:
            With ``rgb_array``: uint8 (height, width, 3), red, green, blue, of the same size in all episodes. With ``human``:
            None, as ``reset`` and ``step`` have shown it. Without a render mode: None, with a warning.

        Raises:
            ResetNeeded: no episode has started.
            SimulatorLost: the server does not answer.
            ClosedEnvironmentError: the environment has been closed.

        """
        if self._closed:
            raise ClosedEnvironmentError("the environment is closed: make a new one")
        if self._renderer is None:
            logger.warn('render does nothing without a render mode: make the environment with render_mode="rgb_array"')
            return None
        if not self._renderer.has_started:
            raise ResetNeeded("there is no frame: call reset before render, and without the option render=False")
        return None if self.render_mode == HUMAN else self._draw(self._renderer)

    def _draw(self, renderer: EpisodeRenderer) -> Frame:
        with self._translate_errors():
            return renderer.draw()

    def _show(self) -> None:
        from av_td3.env.rendering.window import Window  # pygame is optional

        assert self._renderer is not None
        if self._window is None:
            self._window = Window("av_td3", self.metadata["render_fps"])
        if not self._window.is_closed():
            self._window.show(self._draw(self._renderer))

    def close(self) -> None:
        """Remove all that this environment has spawned, and restore settings and weather. Calling it again has no effect."""
        if self._closed:
            return
        self._closed, self._in_episode = True, False
        if self._window is not None:
            self._window.close()
        self._client.set_timeout(CLOSE_TIMEOUT)
        with suppress(RuntimeError):
            self._clean_up_world()
        self._clock.close()
        self._lease.release()
        # The client's destructors can abort a process that is ending, so they have to run before.
        self._vehicle, self._roads, self._world, self._client = None, {}, None, None

    def _clean_up_world(self) -> None:
        if self._sensors is not None:
            self._sensors.stop()
        if self._renderer is not None:
            self._renderer.stop()
        self._world.get_settings()  # raises if the server does not answer: the Traffic Manager would abort the process
        self._remove_own()
        self._found.restore(self._world)
