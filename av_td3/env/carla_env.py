"""A CARLA world as a Gymnasium environment: drive along a route by camera.

It uses the public ``carla`` client only, and works with any server that speaks its protocol.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from av_td3.config.route_set import ROUTE_WEATHER
from av_td3.env.action import validate_action
from av_td3.env.client_errors import translate
from av_td3.env.driving_state import DrivingState
from av_td3.env.endings import Termination
from av_td3.env.episode_options import EpisodeOptions, episode_options
from av_td3.env.episode_world import EpisodeWorld
from av_td3.env.observation import Arrays, FrameStack, observation_space
from av_td3.env.other_vehicles import other_vehicles
from av_td3.env.rendering.episode import EpisodeRenderer
from av_td3.env.rendering.mode import HUMAN, RENDER_MODES, check_render_mode
from av_td3.env.rendering.painting import Frame
from av_td3.env.route import Place
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

NEUTRAL = Controls(0.0, 0.0)


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
        self._delta = task.simulator.fixed_delta_seconds
        self._scenario = task.scenario
        self._observation = task.observation
        self._action = task.action
        self._reward = task.reward
        self._termination = Termination(task.scenario.endings)
        self.observation_space = observation_space(task.observation)  # type: ignore[assignment]
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (task.action.size,), np.float32)
        self._world = EpisodeWorld(task, rendered=render_mode is not None)
        self.warnings = self._world.warnings
        self._town: str | None = None  # drawn for these episodes
        self._episodes = 0
        self._options = EpisodeOptions()
        self._frames = FrameStack(task.observation.stack)
        self._renderer = None if render_mode is None else EpisodeRenderer(task.render, task.simulator.timeout)
        self._episode_renderer: EpisodeRenderer | None = None  # None where the episode is not rendered
        self._window: Any = None  # opened by the first frame
        self._in_episode = False
        self._closed = False
        self._seed = ""  # of the episode, for error messages

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
        self._seed, self._world.context = f"episode seed {'not given' if seed is None else seed}", ""
        with self._translate_errors():
            self._options = self._drawn(given)
            self._episode_renderer = self._renderer if given.render else None
            self._world.begin(self._options, self.np_random, self._episode_renderer)
            extent = self._world.vehicle.bounding_box.extent
            self._half_size = float(extent.x), float(extent.y)
            self._termination.reset()
            self._previous_controls, self._travelled = NEUTRAL, 0.0
            frame = self._world.tick()
            state = self._observe_car(self._place_on_route(), collided=False, progress=0.0)
            observation = self._images(frame, self._frames.restart) | {"vector": self._observation.numbers(state)}
            if self._episode_renderer is not None:
                self._episode_renderer.start(frame, state)
        self._in_episode = True
        self._episodes += 1
        if self.render_mode == HUMAN and given.render:
            self._show()
        info = {
            "town": self._world.town,
            "weather": self._options.weather,
            "route": self._world.route.points.tolist(),
            "route_length": self._world.route.length,
            "lanes": self._world.lanes,
            "half_size": self._half_size,
            "delta": self._delta,
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
        start = self._seed + self._world.context
        return f"{start}, {self._travelled:.1f} m driven" if self._in_episode else start

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
            step = self._advance(self._action.controls(target, self._previous_controls, self._delta))
        if self.render_mode == HUMAN and self._options.render:
            self._show()
        return step

    def _advance(self, controls: Controls) -> tuple[Arrays, float, bool, bool, dict[str, Any]]:
        steer, pedal = controls
        if not (abs(steer) <= 1.0 and abs(pedal) <= 1.0):  # NaN is not
            raise ValueError(f"{type(self._action).__name__} returns {controls}; steer and pedal must be between -1 and 1")
        if not self._options.autopilot:
            control = carla.VehicleControl(throttle=max(0.0, pedal), steer=steer, brake=max(0.0, -pedal))
            self._world.vehicle.apply_control(control)
        frame = self._world.tick()
        if self._options.autopilot:
            applied = self._world.vehicle.get_control()
            controls = Controls(applied.steer, applied.throttle - applied.brake)
        images = self._images(frame, self._frames.push)

        place = self._place_on_route()
        progress, self._travelled = place.travelled - self._travelled, place.travelled
        hit = self._world.collided(frame)
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
            done = 1.0 if ending.completes_route else place.travelled / self._world.route.length
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
            described["others"] = other_vehicles(self._world.world, self._world.vehicle)
        return described

    def _images(self, number: int, stacked: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Arrays:
        """The observation's ``image`` at a frame, where there are cameras."""
        images = self._world.images(number)
        return {"image": stacked(self._observation.frame(images))} if images else {}

    def _place_on_route(self) -> Place:
        transform = self._world.vehicle.get_transform()
        position, yaw = transform.location, math.radians(transform.rotation.yaw)
        return self._world.route.locate(position.x, position.y, yaw, near=self._travelled)

    def _observe_car(self, place: Place, *, collided: bool, progress: float, controls: Controls = NEUTRAL) -> DrivingState:
        vehicle = self._world.vehicle
        transform, velocity = vehicle.get_transform(), vehicle.get_velocity()
        yaw = math.radians(transform.rotation.yaw)
        carla_map = self._world.world.get_map()
        lane = carla_map.get_waypoint(transform.location, project_to_road=False, lane_type=carla.LaneType.Driving)
        return DrivingState(
            route=self._world.route,
            place=place,
            progress=progress,
            x=transform.location.x,
            y=transform.location.y,
            yaw=yaw,
            speed=velocity.x * math.cos(yaw) + velocity.y * math.sin(yaw),
            controls=controls,
            previous_controls=self._previous_controls,
            delta=self._delta,
            on_road=lane is not None,
            in_junction=lane is not None and lane.is_junction,
            half_width=self._half_size[1],
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
        self._world.close()
